#include "model_tensors.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "json.hpp"
#include "kan/errors.hpp"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files hold little-endian numbers, which are copied as they are"
#endif

namespace kan {
namespace {

static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559,
              "model files hold IEEE 754 numbers");

std::uint64_t extent(int n) noexcept { return static_cast<std::uint64_t>(n); }

/// How many numbers of a layer lie together in the parameter buffer.
struct Blocks {
  explicit Blocks(const Layer& layer)
      : inputs(static_cast<std::size_t>(layer.inputs)),
        base_weights(static_cast<std::size_t>(layer.subnodes())),
        coefficients(static_cast<std::size_t>(layer.basis_functions()) * base_weights),
        nodes(static_cast<std::size_t>(layer.nodes())) {}

  std::size_t inputs;
  std::size_t base_weights;  ///< of one input; as many as there are subnodes
  std::size_t coefficients;  ///< of one input
  std::size_t nodes;
};

/// Reads the numbers of one tensor as type T.
template <class Stored, class T>
class Source {
 public:
  Source(const TensorMap& tensors, std::size_t l, const char* role)
      : name_(tensor_name(l, role)), view_(tensors.at(name_)) {}

  /// Writes the next `count` numbers to out.
  void read(std::size_t count, T* out) {
    for (std::size_t n = 0; n < count; ++n, ++next_) {
      const auto value = tensor_number<Stored>(view_, next_);
      if constexpr (sizeof(T) < sizeof(Stored)) {
        constexpr auto largest = static_cast<Stored>(std::numeric_limits<T>::max());
        if (value > largest || value < -largest) {
          refuse_tensor(name_, "number " + std::to_string(next_) + " does not fit 32 bits");
        }
      }
      out[n] = static_cast<T>(value);
    }
  }

 private:
  std::string name_;
  const TensorView& view_;
  std::size_t next_ = 0;
};

template <class Stored, class T>
void unpack_knots(const TensorMap& tensors, std::size_t l, Network<T>& network) {
  const Layer& layer = network.layer(l);
  std::vector<T> knots(static_cast<std::size_t>(layer.inputs) *
                       static_cast<std::size_t>(layer.knots()));
  Source<Stored, T>(tensors, l, "knots").read(knots.size(), knots.data());
  try {
    network.set_knots(l, std::move(knots));
  } catch (const std::invalid_argument& error) {
    throw FormatError(error.what());
  }
}

template <class Stored, class T>
void unpack_parameters(const TensorMap& tensors, std::size_t l, Network<T>& network) {
  const Blocks blocks(network.layer(l));
  const LayerOffsets& offsets = network.offsets(l);
  T* parameters = network.mutable_parameters();
  Source<Stored, T> coef(tensors, l, "coef");
  Source<Stored, T> base_weight(tensors, l, "base_weight");
  T* next = parameters + offsets.coefficients;
  for (std::size_t i = 0; i < blocks.inputs; ++i) {
    coef.read(blocks.coefficients, next);
    base_weight.read(blocks.base_weights, next + blocks.coefficients);
    next += blocks.coefficients + blocks.base_weights;
  }
  const auto read = [&](const char* role, std::size_t count, std::size_t offset) {
    Source<Stored, T>(tensors, l, role).read(count, parameters + offset);
  };
  if (offsets.end > offsets.symbolic) {
    read("symbolic", offsets.end - offsets.symbolic, offsets.symbolic);
  }
  if (!network.architecture().affine) return;
  read("subnode_scale", blocks.base_weights, offsets.subnode_scale);
  read("subnode_bias", blocks.base_weights, offsets.subnode_bias);
  read("node_scale", blocks.nodes, offsets.node_scale);
  read("node_bias", blocks.nodes, offsets.node_bias);
}

template <class T>
TensorView view_of(const T* data, std::vector<std::uint64_t> shape) {
  TensorView view{dtype_of<T>, std::move(shape), reinterpret_cast<const std::byte*>(data),
                  sizeof(T)};
  for (const std::uint64_t n : view.shape) view.bytes *= static_cast<std::size_t>(n);
  return view;
}

/// Coefficients and base weights of a layer lie interleaved in the buffer: a copy of each.
template <class T>
std::pair<std::vector<T>, std::vector<T>> split_weights(const Network<T>& network, std::size_t l) {
  const Blocks blocks(network.layer(l));
  std::pair<std::vector<T>, std::vector<T>> weights;
  auto& [coef, base_weight] = weights;
  coef.reserve(blocks.inputs * blocks.coefficients);
  base_weight.reserve(blocks.inputs * blocks.base_weights);
  const T* next = network.parameters() + network.offsets(l).coefficients;
  for (std::size_t i = 0; i < blocks.inputs; ++i) {
    coef.insert(coef.end(), next, next + blocks.coefficients);
    next += blocks.coefficients;
    base_weight.insert(base_weight.end(), next, next + blocks.base_weights);
    next += blocks.base_weights;
  }
  return weights;
}

}  // namespace

std::string tensor_name(std::size_t l, const char* role) {
  return "layers." + std::to_string(l) + "." + role;
}

std::string table_tensor_name(std::size_t t) { return "tables." + std::to_string(t); }

std::vector<std::uint64_t> table_tensor_shape(const Table& table) {
  return {table.coefficients.size() + 2};
}

void check_self_test(const Architecture& architecture, const SelfTest& test) {
  const auto inputs = static_cast<std::size_t>(architecture.inputs());
  const auto outputs = static_cast<std::size_t>(architecture.outputs());
  if (test.x.size() == test.rows * inputs && test.y.size() == test.rows * outputs &&
      test.tolerance.size() == 2 * outputs) {
    return;
  }
  throw std::invalid_argument("the self-test must be one of a network with " +
                              std::to_string(inputs) + " inputs and " + std::to_string(outputs) +
                              " outputs");
}

TensorMap self_test_tensors(const Architecture& architecture, const SelfTest& test) {
  if (test.rows == 0) return {};
  check_self_test(architecture, test);
  const std::uint64_t rows = test.rows;
  return {
      {self_test_x, view_of(test.x.data(), {rows, extent(architecture.inputs())})},
      {self_test_y, view_of(test.y.data(), {rows, extent(architecture.outputs())})},
      {self_test_tolerance, view_of(test.tolerance.data(), {2, extent(architecture.outputs())})}};
}

void refuse_tensor(const std::string& name, const std::string& reason) {
  throw FormatError("tensor \"" + json::printable(name) + "\": " + reason);
}

std::vector<TensorRole> tensor_roles(const Layer& layer, bool affine) {
  const std::uint64_t inputs = extent(layer.inputs);
  const std::uint64_t subnodes = extent(layer.subnodes());
  std::vector<TensorRole> roles = {{"knots", {inputs, extent(layer.knots())}},
                                   {"coef", {inputs, extent(layer.basis_functions()), subnodes}},
                                   {"base_weight", {inputs, subnodes}},
                                   {"edge_mask", {inputs, subnodes}, true}};
  if (affine) {
    const std::uint64_t nodes = extent(layer.nodes());
    roles.push_back({"subnode_scale", {subnodes}});
    roles.push_back({"subnode_bias", {subnodes}});
    roles.push_back({"node_scale", {nodes}});
    roles.push_back({"node_bias", {nodes}});
  }
  if (const std::uint64_t edges = layer.symbolic.size(); edges > 0) {
    roles.push_back({"symbolic", {edges, EdgeAffine::count}});
    roles.push_back({"symbolic_trainable", {edges, EdgeAffine::count}, true});
  }
  return roles;
}

template <class T>
ModelTensors<T> pack_tensors(const Network<T>& network) {
  ModelTensors<T> tensors;
  const T* parameters = network.parameters();
  for (std::size_t l = 0; l < network.depth(); ++l) {
    auto [coef, base_weight] = split_weights(network, l);
    const LayerOffsets& offsets = network.offsets(l);
    const std::map<std::string_view, const T*> numbers = {
        {"knots", network.grid(l).knots.data()},
        {"coef", coef.data()},
        {"base_weight", base_weight.data()},
        {"subnode_scale", parameters + offsets.subnode_scale},
        {"subnode_bias", parameters + offsets.subnode_bias},
        {"node_scale", parameters + offsets.node_scale},
        {"node_bias", parameters + offsets.node_bias},
        {"symbolic", parameters + offsets.symbolic}};
    const std::map<std::string_view, const std::uint8_t*> masks = {
        {"edge_mask", network.edge_mask(l).data()},
        {"symbolic_trainable", network.symbolic_trainable(l).data()}};
    for (TensorRole& role : tensor_roles(network.layer(l), network.architecture().affine)) {
      tensors.views[tensor_name(l, role.name)] =
          role.is_mask ? view_of(masks.at(role.name), std::move(role.shape))
                       : view_of(numbers.at(role.name), std::move(role.shape));
    }
    tensors.copies.push_back(std::move(coef));
    tensors.copies.push_back(std::move(base_weight));
  }
  const std::vector<Table>& tables = network.architecture().tables;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    std::vector<double> own = {tables[t].low, tables[t].high};
    own.insert(own.end(), tables[t].coefficients.begin(), tables[t].coefficients.end());
    tensors.views[table_tensor_name(t)] = view_of(own.data(), table_tensor_shape(tables[t]));
    tensors.tables.push_back(std::move(own));
  }
  return tensors;
}

template <class T>
void unpack_tensors(const TensorMap& tensors, DType dtype, Network<T>& network) {
  for (std::size_t l = 0; l < network.depth(); ++l) {
    if (dtype == DType::f32) {
      unpack_knots<float>(tensors, l, network);
      unpack_parameters<float>(tensors, l, network);
    } else {
      unpack_knots<double>(tensors, l, network);
      unpack_parameters<double>(tensors, l, network);
    }
  }
}

template <class T>
void unpack_masks(const TensorMap& tensors, std::size_t l, Network<T>& network) {
  const auto numbers = [&](const char* role) {
    const TensorView& view = tensors.at(tensor_name(l, role));
    const auto* first = reinterpret_cast<const std::uint8_t*>(view.data);
    return std::pair(first, first + view.bytes);
  };
  const auto [first, last] = numbers("edge_mask");
  network.set_edge_mask(l, {first, last});
  if (network.layer(l).symbolic.empty()) return;
  const auto [trains, end] = numbers("symbolic_trainable");
  network.set_symbolic_trainable(l, {trains, end});
}

SelfTest unpack_self_test(const TensorMap& tensors) {
  SelfTest test;
  if (tensors.count(self_test_x) == 0) return test;
  const auto numbers = [&](const char* name) {
    const TensorView& view = tensors.at(name);
    std::vector<double> values(view.bytes / sizeof(double));
    for (std::size_t n = 0; n < values.size(); ++n) values[n] = tensor_number<double>(view, n);
    return values;
  };
  test.rows = static_cast<std::size_t>(tensors.at(self_test_x).shape[0]);
  test.x = numbers(self_test_x);
  test.y = numbers(self_test_y);
  test.tolerance = numbers(self_test_tolerance);
  return test;
}

void unpack_tables(const TensorMap& tensors, Architecture& architecture) {
  for (std::size_t t = 0; t < architecture.tables.size(); ++t) {
    const TensorView& view = tensors.at(table_tensor_name(t));
    Table& table = architecture.tables[t];
    table.low = tensor_number<double>(view, 0);
    table.high = tensor_number<double>(view, 1);
    for (std::size_t n = 0; n < table.coefficients.size(); ++n) {
      table.coefficients[n] = tensor_number<double>(view, n + 2);
    }
  }
  try {
    architecture.validate();
  } catch (const std::invalid_argument& error) {
    throw FormatError(error.what());
  }
}

template ModelTensors<float> pack_tensors(const Network<float>&);
template ModelTensors<double> pack_tensors(const Network<double>&);
template void unpack_tensors(const TensorMap&, DType, Network<float>&);
template void unpack_tensors(const TensorMap&, DType, Network<double>&);
template void unpack_masks(const TensorMap&, std::size_t, Network<float>&);
template void unpack_masks(const TensorMap&, std::size_t, Network<double>&);

}  // namespace kan
