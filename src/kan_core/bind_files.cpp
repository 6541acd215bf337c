#include <pybind11/stl.h>

#include <cstring>
#include <utility>

#include "bindings.hpp"
#include "kan/model_file.hpp"

namespace kan_core {
namespace {

using Notes = py::typing::Dict<py::str, py::str>;
using Loaded =
    py::typing::Tuple<py::typing::Union<kan::Network<float>, kan::Network<double>>, Notes>;

template <class T>
Loaded parse(kan::SafetensorsFile file) {
  kan::LoadedModel<T> model = kan::parse_model<T>(std::move(file));
  return py::make_tuple(std::move(model.network), std::move(model.notes));
}

/// (network, notes), the network in the precision that the file stores.
Loaded parse_as_stored(kan::SafetensorsFile file) {
  return kan::model_dtype(file) == kan::DType::f32 ? parse<float>(std::move(file))
                                                   : parse<double>(std::move(file));
}

Loaded loads(const py::bytes& data) {
  const std::string_view text = data;
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return parse_as_stored(kan::SafetensorsFile::parse(std::move(bytes)));
}

/// Paths are the bytes that os.fsencode makes of them: any name of the file system.
Loaded load(const py::bytes& path) {
  const std::string name = path;
  const auto read = [&name] {
    const py::gil_scoped_release released;
    return kan::SafetensorsFile::load(name);
  };
  return parse_as_stored(read());
}

template <class T>
void bind_files_of(py::module_& m) {
  m.def(
      "save",
      [](const py::bytes& path, const kan::Network<T>& network, const kan::StringMap& notes) {
        const std::string name = path;
        const py::gil_scoped_release released;
        kan::save_model(name, network, notes);
      },
      py::arg("path"), py::arg("network"), py::arg("notes"));
  m.def(
      "dumps",
      [](const kan::Network<T>& network, const kan::StringMap& notes) {
        const std::vector<std::byte> bytes = kan::serialize_model(network, notes);
        return py::bytes(static_cast<const char*>(static_cast<const void*>(bytes.data())),
                         bytes.size());
      },
      py::arg("network"), py::arg("notes"));
}

}  // namespace

void bind_files(py::module_& m) {
  bind_files_of<float>(m);
  bind_files_of<double>(m);
  m.def("load", &load, py::arg("path"));
  m.def("loads", &loads, py::arg("data"));
}

}  // namespace kan_core
