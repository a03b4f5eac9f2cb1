"""The neural network: tensors in, tensors out. It never sees a note."""

from pianotrans.network.architectures import AnyModelConfig, read_config
from pianotrans.network.attributes import Attributes, continuous_bernoulli_target
from pianotrans.network.config import ModelConfig
from pianotrans.network.model import Model

__all__ = ["AnyModelConfig", "Attributes", "Model", "ModelConfig", "continuous_bernoulli_target", "read_config"]
