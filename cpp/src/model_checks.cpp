#include "model_tensors.hpp"

#include <cmath>
#include <set>

#include "kan/errors.hpp"

namespace kan {
namespace {

/// "F64 [2, 8, 5]".
std::string describe(DType dtype, const std::vector<std::uint64_t>& shape) {
  std::string text;
  for (const std::uint64_t n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return std::string(dtype_name(dtype)) + " [" + text + "]";
}

[[noreturn]] void refuse(const std::string& name, std::size_t n, const std::string& reason) {
  refuse_tensor(name, "number " + std::to_string(n) + " " + reason);
}

/// The first tensor that no layer has.
void refuse_foreign(const Architecture& architecture, const TensorMap& tensors) {
  std::set<std::string> known;
  for (std::size_t l = 0; l < architecture.layers.size(); ++l) {
    for (const TensorRole& role : tensor_roles(architecture.layers[l], architecture.affine)) {
      known.insert(tensor_name(l, role.name));
    }
  }
  for (std::size_t t = 0; t < architecture.tables.size(); ++t) known.insert(table_tensor_name(t));
  if (tensors.count(self_test_x) > 0) {
    known.insert({self_test_x, self_test_y, self_test_tolerance});
  }
  for (const auto& [name, view] : tensors) {
    if (known.count(name) == 0) refuse_tensor(name, "does not belong to this architecture");
  }
}

void check_shape(const std::string& name, DType dtype, const std::vector<std::uint64_t>& shape,
                 const TensorMap& tensors) {
  const auto entry = tensors.find(name);
  if (entry == tensors.end()) refuse_tensor(name, "is missing");
  const TensorView& view = entry->second;
  if (view.dtype != dtype || view.shape != shape) {
    refuse_tensor(name, "the architecture asks for " + describe(dtype, shape) + ", got " +
                            describe(view.dtype, view.shape));
  }
}

/// Returns: how many tensors the self-test has.
std::size_t check_self_test_shapes(const Architecture& architecture, const TensorMap& tensors) {
  const auto x = tensors.find(self_test_x);
  if (x == tensors.end()) return 0;
  const std::vector<std::uint64_t>& shape = x->second.shape;
  const std::uint64_t rows = shape.empty() ? 0 : shape[0];
  if (rows == 0) refuse_tensor(self_test_x, "must have rows");
  const auto inputs = static_cast<std::uint64_t>(architecture.inputs());
  const auto outputs = static_cast<std::uint64_t>(architecture.outputs());
  check_shape(self_test_x, DType::f64, {rows, inputs}, tensors);
  check_shape(self_test_y, DType::f64, {rows, outputs}, tensors);
  check_shape(self_test_tolerance, DType::f64, {2, outputs}, tensors);
  return 3;
}

/// Names, dtypes and shapes.
void check_shapes(const Architecture& architecture, DType dtype, const TensorMap& tensors) {
  std::size_t found = architecture.tables.size();
  for (std::size_t l = 0; l < architecture.layers.size(); ++l) {
    for (const TensorRole& role : tensor_roles(architecture.layers[l], architecture.affine)) {
      check_shape(tensor_name(l, role.name), role.is_mask ? DType::u8 : dtype, role.shape, tensors);
      ++found;
    }
  }
  for (std::size_t t = 0; t < architecture.tables.size(); ++t) {
    check_shape(table_tensor_name(t), DType::f64, table_tensor_shape(architecture.tables[t]),
                tensors);
  }
  found += check_self_test_shapes(architecture, tensors);
  if (found != tensors.size()) refuse_foreign(architecture, tensors);
}

template <class Stored>
void check_finite(const std::string& name, const TensorView& view) {
  for (std::size_t n = 0; n < view.bytes / sizeof(Stored); ++n) {
    if (!std::isfinite(tensor_number<Stored>(view, n))) refuse(name, n, "is not finite");
  }
}

void check_mask(const std::string& name, const TensorView& view) {
  for (std::size_t n = 0; n < view.bytes; ++n) {
    const unsigned value = std::to_integer<unsigned>(view.data[n]);
    if (value > 1) refuse(name, n, "must be 0 or 1, got " + std::to_string(value));
  }
}

/// Weights of shape [I][rows][S] must be 0 where the mask [I][S] is.
template <class Stored>
void check_masked(const std::string& name, const TensorView& view, const TensorView& mask,
                  std::size_t rows) {
  const auto subnodes = static_cast<std::size_t>(mask.shape[1]);
  for (std::size_t edge = 0; edge < mask.bytes; ++edge) {
    if (mask.data[edge] != std::byte{0}) continue;
    const std::size_t first = edge / subnodes * rows * subnodes + edge % subnodes;
    for (std::size_t n = first; n < first + rows * subnodes; n += subnodes) {
      if (tensor_number<Stored>(view, n) != Stored(0)) {
        refuse(name, n, "must be 0, its edge is masked");
      }
    }
  }
}

template <class Stored>
void check_numbers(const Architecture& architecture, const TensorMap& tensors) {
  for (std::size_t l = 0; l < architecture.layers.size(); ++l) {
    const Layer& layer = architecture.layers[l];
    for (const TensorRole& role : tensor_roles(layer, architecture.affine)) {
      const std::string name = tensor_name(l, role.name);
      if (role.is_mask) {
        check_mask(name, tensors.at(name));
      } else {
        check_finite<Stored>(name, tensors.at(name));
      }
    }
    const TensorView& mask = tensors.at(tensor_name(l, "edge_mask"));
    const std::string coef = tensor_name(l, "coef");
    const std::string base_weight = tensor_name(l, "base_weight");
    const auto basis_functions = static_cast<std::size_t>(layer.basis_functions());
    check_masked<Stored>(coef, tensors.at(coef), mask, basis_functions);
    check_masked<Stored>(base_weight, tensors.at(base_weight), mask, 1);
  }
  for (std::size_t t = 0; t < architecture.tables.size(); ++t) {
    check_finite<double>(table_tensor_name(t), tensors.at(table_tensor_name(t)));
  }
  if (tensors.count(self_test_x) == 0) return;
  for (const char* name : {self_test_x, self_test_y, self_test_tolerance}) {
    check_finite<double>(name, tensors.at(name));
  }
}

}  // namespace

void check_tensors(const Architecture& architecture, DType dtype, const TensorMap& tensors) {
  check_shapes(architecture, dtype, tensors);
  if (dtype == DType::f32) {
    check_numbers<float>(architecture, tensors);
  } else {
    check_numbers<double>(architecture, tensors);
  }
}

}  // namespace kan
