#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "kan/model_file.hpp"
#include "kan/network.hpp"
#include "kan/safetensors.hpp"

/// The numbers of a network as the tensors of a model file, for layer l, all of one dtype but the
/// mask (I inputs, S subnodes, G intervals, k degree):
///   layers.l.knots          [I][G + 1 + 2k]
///   layers.l.coef           [I][G + k][S]
///   layers.l.base_weight    [I][S]
///   layers.l.edge_mask      [I][S]            U8, 0 or 1
///   layers.l.subnode_scale  [S]               this and the rest only with `affine`
///   layers.l.subnode_bias   [S]
///   layers.l.node_scale     [nodes]
///   layers.l.node_bias      [nodes]
///   layers.l.symbolic       [edges][4]        this and the next only with symbolic edges
///   layers.l.symbolic_trainable [edges][4]    U8, 0 or 1
/// and for table t of the architecture
///   tables.t                [2 + coefficients]  F64: low, high and the coefficients
/// and for a self-test, all three F64
///   self_test.x             [rows][I]
///   self_test.y             [rows][O]
///   self_test.tolerance     [2][O]
namespace kan {

template <class T>
constexpr DType dtype_of = DType::u8;
template <>
inline constexpr DType dtype_of<float> = DType::f32;
template <>
inline constexpr DType dtype_of<double> = DType::f64;

/// One tensor that every layer has.
struct TensorRole {
  const char* name;
  std::vector<std::uint64_t> shape;
  bool is_mask = false;
};

/// In the order above.
std::vector<TensorRole> tensor_roles(const Layer& layer, bool affine);

/// "tables.<t>"
std::string table_tensor_name(std::size_t t);
std::vector<std::uint64_t> table_tensor_shape(const Table& table);

constexpr const char* self_test_x = "self_test.x";
constexpr const char* self_test_y = "self_test.y";
constexpr const char* self_test_tolerance = "self_test.tolerance";

/// Throws: std::invalid_argument if the numbers of a self-test are not as many as such a network asks for.
void check_self_test(const Architecture& architecture, const SelfTest& test);

/// The tensors of a self-test: none without rows.
/// Throws: as `check_self_test`.
TensorMap self_test_tensors(const Architecture& architecture, const SelfTest& test);

/// "layers.<l>.<role>"
std::string tensor_name(std::size_t l, const char* role);

/// The n-th number of a tensor, whatever its alignment.
template <class Stored>
Stored tensor_number(const TensorView& view, std::size_t n) noexcept {
  Stored value;
  std::memcpy(&value, view.data + n * sizeof(Stored), sizeof(Stored));
  return value;
}

/// Throws: FormatError, always.
[[noreturn]] void refuse_tensor(const std::string& name, const std::string& reason);

/// The tensors of one network, partly views into it, partly copies.
template <class T>
struct ModelTensors {
  TensorMap views;
  std::vector<std::vector<T>> copies;
  std::vector<std::vector<double>> tables;
};

/// The network must outlive what is returned.
template <class T>
ModelTensors<T> pack_tensors(const Network<T>& network);

/// Throws: FormatError unless exactly the tensors of the architecture are there, and maybe those of a
/// self-test, of this dtype and in its shapes, all numbers finite, masks 0 or 1, masked coefficients and
/// base weights 0.
void check_tensors(const Architecture& architecture, DType dtype, const TensorMap& tensors);

/// Fills knots and parameters from tensors that `check_tensors` accepted, converted by value.
/// Throws: FormatError if a number is too large for T or the knots are not valid.
template <class T>
void unpack_tensors(const TensorMap& tensors, DType dtype, Network<T>& network);

/// The masks of a layer from tensors that `check_tensors` accepted.
template <class T>
void unpack_masks(const TensorMap& tensors, std::size_t l, Network<T>& network);

/// From tensors that `check_tensors` accepted; without rows if there are none.
SelfTest unpack_self_test(const TensorMap& tensors);

/// The numbers of the architecture's tables, from tensors that `check_tensors` accepted.
/// Throws: FormatError if they make no table.
void unpack_tables(const TensorMap& tensors, Architecture& architecture);

}  // namespace kan
