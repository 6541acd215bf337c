#include <pybind11/stl.h>

#include <cstring>
#include <utility>

#include "arrays.hpp"
#include "bindings.hpp"
#include "kan/model_file.hpp"

namespace kan_core {
namespace {

using Notes = py::typing::Dict<py::str, py::str>;
using Loaded =
    py::typing::Tuple<py::typing::Union<kan::Network<float>, kan::Network<double>>, Notes, int>;

template <class T>
Loaded parse(kan::SafetensorsFile file, kan::Verify verify) {
  kan::LoadedModel<T> model = kan::parse_model<T>(std::move(file), verify);
  return py::make_tuple(std::move(model.network), std::move(model.notes), model.self_test.rows);
}

/// (network, notes, rows of the self-test), the network in the precision that the file stores.
Loaded parse_as_stored(kan::SafetensorsFile file, bool verify) {
  const auto self_test = verify ? kan::Verify::yes : kan::Verify::no;
  return kan::model_dtype(file) == kan::DType::f32 ? parse<float>(std::move(file), self_test)
                                                   : parse<double>(std::move(file), self_test);
}

/// Of inputs [n][I], none for None.
template <class T>
kan::SelfTest self_test_of(const kan::Network<T>& network, const OptionalArray& x) {
  const py::ssize_t inputs = network.architecture().inputs();
  const auto* first = optional_input<double>(x, "self_test", {-1, inputs});
  if (first == nullptr) return {};
  return kan::make_self_test(network, {first, first + x.template cast<py::array>().size()});
}

Loaded loads(const py::bytes& data) {
  const std::string_view text = data;
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return parse_as_stored(kan::SafetensorsFile::parse(std::move(bytes)), true);
}

/// Paths are the bytes that os.fsencode makes of them: any name of the file system.
Loaded load(const py::bytes& path, bool verify) {
  const std::string name = path;
  const auto read = [&name] {
    const py::gil_scoped_release released;
    return kan::SafetensorsFile::load(name);
  };
  return parse_as_stored(read(), verify);
}

template <class T>
void bind_files_of(py::module_& m) {
  m.def(
      "save",
      [](const py::bytes& path, const kan::Network<T>& network, const kan::StringMap& notes,
         const OptionalArray& self_test) {
        const std::string name = path;
        const kan::SelfTest test = self_test_of(network, self_test);
        const py::gil_scoped_release released;
        kan::save_model(name, network, notes, test);
      },
      py::arg("path"), py::arg("network"), py::arg("notes"), py::arg("self_test") = py::none());
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
  m.def("load", &load, py::arg("path"), py::arg("verify") = true);
  m.def("loads", &loads, py::arg("data"));
}

}  // namespace kan_core
