#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "file_helpers.hpp"
#include "kan/model_file.hpp"

/// A model file taken apart.
namespace kan::test {

/// The parts of a model file, to be changed and put together again with the right checksum.
struct Parts {
  StringMap metadata;
  std::map<std::string, std::string> data;
  TensorMap tensors;

  Bytes file() {
    for (auto& [name, view] : tensors) {
      view.data = reinterpret_cast<const std::byte*>(data[name].data());
      view.bytes = data[name].size();
    }
    return serialize_safetensors(metadata, tensors);
  }

  Bytes signed_file() { return sign(file()); }

  std::string& architecture() { return metadata.at("kan.architecture"); }

  template <class T>
  void set(const std::string& name, std::size_t n, T value) {
    REQUIRE((n + 1) * sizeof(T) <= data.at(name).size());
    std::memcpy(data.at(name).data() + n * sizeof(T), &value, sizeof(T));
  }

  void shape(const std::string& name, std::vector<std::uint64_t> extents) {
    std::size_t numbers = 1;
    for (const std::uint64_t extent : extents) numbers *= extent;
    tensors[name].shape = std::move(extents);
    data[name].resize(numbers * item_size(tensors[name].dtype));
  }
};

/// Two layers, double precision, with affines, a multiplication node and a masked edge.
inline Bytes small_model() {
  Architecture architecture;
  architecture.layers = {{2, 1, {2}, 3, 2}, {2, 1, {}, 2, 3}};
  architecture.affine = true;
  Network<double> network(architecture);
  for (std::size_t n = 0; n < network.parameter_count(); ++n) {
    network.mutable_parameters()[n] = 0.5 + static_cast<double>(n);
  }
  network.set_edge_mask(0, {1, 0, 1, 1, 1, 1});
  return serialize_model(network, {{"settings", "{}"}});
}

/// The same with symbolic edges, one beside the masked edge, and a table.
inline Network<double> small_symbolic_network() {
  Architecture architecture;
  architecture.layers = {{2, 1, {2}, 3, 2}, {2, 1, {}, 2, 3}};
  architecture.layers[0].symbolic = {{0, 1, Function::sine}, {1, 0, Function::table, 0}};
  architecture.layers[1].symbolic = {{1, 0, Function::inverse_square}};
  architecture.tables = {{"j0", -2.0, 3.0, {0.5, 1.5, -1.0, 0.25, 0.0, 2.0, 1e-9}}};
  architecture.affine = true;
  Network<double> network(architecture);
  for (std::size_t n = 0; n < network.parameter_count(); ++n) {
    network.mutable_parameters()[n] = 0.5 + static_cast<double>(n);
  }
  network.set_edge_mask(0, {1, 0, 1, 1, 1, 1});
  network.set_symbolic_trainable(0, {1, 0, 1, 1, 0, 0, 0, 1});
  return network;
}

inline Parts parts_of(const Bytes& model) {
  const SafetensorsFile file = SafetensorsFile::parse(model);
  Parts all{file.metadata(), {}, file.tensors()};
  for (const auto& [name, view] : file.tensors()) {
    all.data[name] = std::string(reinterpret_cast<const char*>(view.data), view.bytes);
  }
  return all;
}

inline Parts parts() { return parts_of(small_model()); }

inline Parts symbolic_parts() { return parts_of(serialize_model(small_symbolic_network())); }

}  // namespace kan::test
