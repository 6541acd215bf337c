#pragma once

#include <cstddef>
#include <vector>

#include "kan/symbolic.hpp"

namespace kan {

/// The function b(x) beside the spline of every edge.
enum class Base { silu, identity, zero };

/// What a spline does at inputs outside its grid [lo, hi]; x_b is the nearer end.
///
/// linear      S(x_b) + S'(x_b) (x - x_b), continuously differentiable; the default
/// clamp       the edge sees x_b in place of x, so it is constant out there
/// zero        each basis function ends with its own support: the spline fades to 0 over the ghost knots
/// polynomial  the polynomial of the outermost interval goes on
/// error       network inputs outside are refused by the caller; hidden layers go on linearly
enum class Extrapolation { linear, clamp, zero, polynomial, error };

/// The shape of one layer: `inputs` nodes, edges to `subnodes()` sums, and the nodes made of them.
///
/// The first `sums` subnodes are nodes themselves; then each multiplication node
/// is the product of as many consecutive subnodes as its arity says.
/// Some edges have a function of the library, added to their spline: with the spline masked, it is all
/// there is.
struct Layer {
  int inputs = 1;
  int sums = 1;
  std::vector<int> arities = {};
  int intervals = 3;
  int degree = 3;
  std::vector<SymbolicEdge> symbolic = {};  ///< by input, then sum; at most one for every edge

  int subnodes() const noexcept;                                       ///< S
  int nodes() const noexcept;                                          ///< outputs of the layer
  int basis_functions() const noexcept { return intervals + degree; }  ///< M = G + k
  int rows() const noexcept { return intervals + degree + 1; }         ///< M and the base weight
  int knots() const noexcept { return intervals + 1 + 2 * degree; }    ///< with the ghosts
};

constexpr int max_degree = 5;
constexpr std::size_t max_tables = 64;

/// Everything about a network that is not a number to be trained or a knot.
struct Architecture {
  std::vector<Layer> layers;
  Base base = Base::silu;
  Extrapolation extrapolation = Extrapolation::linear;
  bool affine = false;  ///< whether node and subnode scales and biases exist as parameters
  std::vector<Table> tables = {};  ///< functions of the user's that symbolic edges may have

  int inputs() const noexcept { return layers.front().inputs; }
  int outputs() const noexcept { return layers.back().nodes(); }

  /// Length of the flat parameter buffer. Call on a validated architecture.
  std::size_t parameter_count() const noexcept;

  /// Throws: std::invalid_argument naming the layer and what is wrong, overflowing sizes included.
  void validate() const;
};

}  // namespace kan
