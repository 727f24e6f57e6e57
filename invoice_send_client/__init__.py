from . import controllers, models, wizard
from .controllers.early import post_load
