#pragma once

/// Everything the library offers.

#include "kan/adam.hpp"
#include "kan/architecture.hpp"
#include "kan/basis.hpp"
#include "kan/buffer.hpp"
#include "kan/errors.hpp"
#include "kan/evaluator.hpp"
#include "kan/jet.hpp"
#include "kan/lbfgs.hpp"
#include "kan/levenberg_marquardt.hpp"
#include "kan/model.hpp"
#include "kan/model_file.hpp"
#include "kan/network.hpp"
#include "kan/objective.hpp"
#include "kan/optimizer.hpp"
#include "kan/safetensors.hpp"
#include "kan/samples.hpp"
#include "kan/sparsity.hpp"
#include "kan/symbolic.hpp"
#include "kan/system.hpp"
#include "kan/version.hpp"
