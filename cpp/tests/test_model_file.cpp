#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <random>

#include "file_helpers.hpp"
#include "kan/errors.hpp"
#include "kan/model_file.hpp"
#include "model_parts.hpp"
#include "networks.hpp"

namespace {

using namespace kan;
using namespace kan::test;

Architecture small_architecture() {
  Architecture architecture;
  architecture.layers = {{2, 1, {2}, 3, 2}, {2, 1, {}, 2, 3}};
  architecture.affine = true;
  return architecture;
}

/// Every number its own, two edges masked, knots moved, some groups frozen.
template <class T>
Network<T> network_of(Architecture architecture, bool masked = true) {
  Network<T> network(std::move(architecture));
  std::mt19937 random(3);
  std::uniform_real_distribution<T> number(-2, 2);
  std::vector<T> values(network.parameter_count());
  for (T& value : values) value = number(random);
  for (std::size_t l = 0; l < network.depth(); ++l) {
    std::vector<T> knots = network.grid(l).knots;
    for (T& knot : knots) knot = knot * T(1.7) + T(0.3);
    network.set_knots(l, knots);
  }
  if (masked) {
    std::vector<std::uint8_t> mask = network.edge_mask(0);
    mask[1] = mask[5] = 0;
    network.set_edge_mask(0, mask);
  }
  network.set_parameters(values.data());
  network.set_trainable({true, false, true});
  return network;
}

template <class T>
void check_same_bits(const Network<T>& a, const Network<T>& b) {
  const auto same = [](const std::vector<T>& u, const std::vector<T>& v) {
    return u.size() == v.size() && std::memcmp(u.data(), v.data(), u.size() * sizeof(T)) == 0;
  };
  REQUIRE(a.depth() == b.depth());
  REQUIRE(a.parameter_count() == b.parameter_count());
  CHECK(std::memcmp(a.parameters(), b.parameters(), a.parameter_count() * sizeof(T)) == 0);
  for (std::size_t l = 0; l < a.depth(); ++l) {
    CHECK(same(a.grid(l).knots, b.grid(l).knots));
    CHECK(same(a.grid(l).inverse_spacing, b.grid(l).inverse_spacing));
    CHECK(a.edge_mask(l) == b.edge_mask(l));
    CHECK(a.layer(l).inputs == b.layer(l).inputs);
    CHECK(a.layer(l).sums == b.layer(l).sums);
    CHECK(a.layer(l).arities == b.layer(l).arities);
    CHECK(a.layer(l).intervals == b.layer(l).intervals);
    CHECK(a.layer(l).degree == b.layer(l).degree);
    REQUIRE(a.layer(l).symbolic.size() == b.layer(l).symbolic.size());
    for (std::size_t e = 0; e < a.layer(l).symbolic.size(); ++e) {
      CHECK(a.layer(l).symbolic[e].input == b.layer(l).symbolic[e].input);
      CHECK(a.layer(l).symbolic[e].sum == b.layer(l).symbolic[e].sum);
      CHECK(a.layer(l).symbolic[e].function == b.layer(l).symbolic[e].function);
      CHECK(a.layer(l).symbolic[e].table == b.layer(l).symbolic[e].table);
    }
    CHECK(a.symbolic_trainable(l) == b.symbolic_trainable(l));
  }
  REQUIRE(a.architecture().tables.size() == b.architecture().tables.size());
  for (std::size_t t = 0; t < a.architecture().tables.size(); ++t) {
    CHECK(a.architecture().tables[t].name == b.architecture().tables[t].name);
    CHECK(a.architecture().tables[t].low == b.architecture().tables[t].low);
    CHECK(a.architecture().tables[t].high == b.architecture().tables[t].high);
    CHECK(a.architecture().tables[t].coefficients == b.architecture().tables[t].coefficients);
  }
  CHECK(a.architecture().base == b.architecture().base);
  CHECK(a.architecture().extrapolation == b.architecture().extrapolation);
  CHECK(a.architecture().affine == b.architecture().affine);
  CHECK(a.trainable() == b.trainable());
}

template <class T>
void check_reload(const Network<T>& network) {
  const Bytes bytes = serialize_model(network, {{"a", "b"}});
  const LoadedModel<T> loaded = parse_model<T>(bytes);
  check_same_bits(network, loaded.network);
  CHECK(loaded.notes == StringMap{{"a", "b"}});
  CHECK(serialize_model(loaded.network, loaded.notes) == bytes);
}

TEST_CASE_TEMPLATE("a model is read back to the same bits", T, float, double) {
  check_reload(network_of<T>(small_architecture()));
  check_reload(network_of<T>(small_architecture(), false));
  Architecture plain;
  plain.layers = {{1, 1, {}, 1, 0}};
  check_reload(network_of<T>(plain, false));
  for (int k = 0; k <= max_degree; ++k) {
    plain.layers = {{3, 0, {2, 1, 3}, 4, k}, {3, 5, {}, 1, k}};
    check_reload(network_of<T>(plain));
  }
}

TEST_CASE("every base, extrapolation and choice of what trains is read back") {
  Architecture architecture;
  architecture.layers = {{1, 1, {}, 2, 1}};
  for (const Base base : {Base::silu, Base::identity, Base::zero}) {
    architecture.base = base;
    check_reload(Network<double>(architecture));
  }
  for (const Extrapolation rule : {Extrapolation::linear, Extrapolation::clamp, Extrapolation::zero,
                                   Extrapolation::polynomial, Extrapolation::error}) {
    architecture.extrapolation = rule;
    check_reload(Network<double>(architecture));
  }
  for (unsigned bits = 0; bits < 8; ++bits) {
    architecture.affine = true;
    Network<double> network(architecture);
    network.set_trainable({(bits & 1U) != 0, (bits & 2U) != 0, (bits & 4U) != 0});
    const auto groups = parse_model<double>(serialize_model(network)).network.trainable_groups();
    CHECK(groups.coefficients == ((bits & 1U) != 0));
    CHECK(groups.base_weights == ((bits & 2U) != 0));
    CHECK(groups.affine == ((bits & 4U) != 0));
  }
}

TEST_CASE("a model is the file that the format describes") {
  Architecture architecture;
  architecture.layers = {{2, 1, {2}, 3, 2}};
  architecture.affine = true;
  const Network<float> network = network_of<float>(architecture);
  const SafetensorsFile file = SafetensorsFile::parse(serialize_model(network, {{"note", "n"}}));
  CHECK(file.metadata().at("format") == "kan");
  CHECK(file.metadata().at("kan.version") == "1");
  CHECK(file.metadata().at("kan.user.note") == "n");
  CHECK(file.metadata().at("kan.architecture") ==
        R"({"layers":[{"inputs":2,"sums":1,"arities":[2],"intervals":3,"degree":2}],"base":"silu",)"
        R"("extrapolation":"linear","affine":true,)"
        R"("trainable":{"coefficients":true,"base_weights":false,"affine":true}})");
  CHECK(file.metadata().size() == 5);
  using Shape = std::vector<std::uint64_t>;
  CHECK(file.tensors().at("layers.0.knots").shape == Shape{2, 8});
  CHECK(file.tensors().at("layers.0.coef").shape == Shape{2, 5, 3});
  CHECK(file.tensors().at("layers.0.base_weight").shape == Shape{2, 3});
  CHECK(file.tensors().at("layers.0.edge_mask").shape == Shape{2, 3});
  CHECK(file.tensors().at("layers.0.edge_mask").dtype == DType::u8);
  CHECK(file.tensors().at("layers.0.subnode_scale").shape == Shape{3});
  CHECK(file.tensors().at("layers.0.subnode_bias").shape == Shape{3});
  CHECK(file.tensors().at("layers.0.node_scale").shape == Shape{2});
  CHECK(file.tensors().at("layers.0.node_bias").shape == Shape{2});
  CHECK(file.tensors().size() == 8);
  CHECK(model_dtype(file) == DType::f32);
  const auto number = [&file](const char* name, std::size_t n) {
    float value = 0;
    std::memcpy(&value, file.tensors().at(name).data + 4 * n, 4);
    return value;
  };
  // Input 1, basis function 2 of 5, subnode 0; rows of the buffer are 5 + 1.
  CHECK(number("layers.0.coef", (1 * 5 + 2) * 3) == network.parameters()[(1 * 6 + 2) * 3]);
  CHECK(number("layers.0.base_weight", 1 * 3 + 1) == network.parameters()[(1 * 6 + 5) * 3 + 1]);
  CHECK(number("layers.0.node_bias", 1) == network.parameters()[network.offsets(0).node_bias + 1]);
}

TEST_CASE_TEMPLATE("symbolic edges and tables are read back to the same bits", T, float, double) {
  check_reload(network_of<T>(symbolic_architecture(false)));
  Architecture architecture = symbolic_architecture(true);
  architecture.tables.push_back({"\"quoted\", \xC3\xA9", 1e-300, 1e300, std::vector<double>(6)});
  architecture.layers[1].symbolic[2].table = 1;
  auto network = network_of<T>(architecture);
  network.set_symbolic_trainable(0, {1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1});
  check_reload(network);
  for (int n = 0; n < function_count; ++n) {
    Architecture one;
    one.tables = {some_table()};
    one.layers = {{1, 1, {}, 1, 0}};
    one.layers[0].symbolic = {{0, 0, static_cast<Function>(n)}};
    check_reload(Network<T>(one));
  }
}

TEST_CASE("symbolic edges and tables are in the file as the format describes") {
  const Network<double> network = small_symbolic_network();
  const SafetensorsFile file = SafetensorsFile::parse(serialize_model(network));
  const std::string& text = file.metadata().at("kan.architecture");
  CHECK(text.find(R"("degree":2,"symbolic":[{"input":0,"sum":1,"function":"sin"},)"
                  R"({"input":1,"sum":0,"function":"table","table":0}]},)") != std::string::npos);
  CHECK(text.find(R"("affine":true},"tables":[{"name":"j0","coefficients":7}]})") !=
        std::string::npos);
  using Shape = std::vector<std::uint64_t>;
  CHECK(file.tensors().at("layers.0.symbolic").shape == Shape{2, 4});
  CHECK(file.tensors().at("layers.0.symbolic_trainable").shape == Shape{2, 4});
  CHECK(file.tensors().at("layers.0.symbolic_trainable").dtype == DType::u8);
  CHECK(file.tensors().at("layers.1.symbolic").shape == Shape{1, 4});
  CHECK(file.tensors().at("tables.0").shape == Shape{9});
  double numbers[9];
  std::memcpy(numbers, file.tensors().at("tables.0").data, sizeof(numbers));
  CHECK(numbers[0] == -2.0);
  CHECK(numbers[1] == 3.0);
  CHECK(numbers[2] == 0.5);
  CHECK(numbers[8] == 1e-9);
}

TEST_CASE("a file from before symbolic edges is read, and written again to the same bytes") {
  const auto here = std::filesystem::path(__FILE__).parent_path();
  const std::string before = read_text((here / "data" / "without_symbolic.safetensors").string());
  REQUIRE(before.size() > 0);
  const LoadedModel<double> loaded = parse_model<double>(bytes_of(before));
  CHECK(loaded.network.layer(0).symbolic.empty());
  CHECK(loaded.network.architecture().tables.empty());
  CHECK(loaded.network.parameters()[0] == 0.5);
  CHECK(loaded.notes == StringMap{{"settings", "{}"}});
  CHECK(text_of(serialize_model(loaded.network, loaded.notes)) == before);
}

TEST_CASE("the checksum is the CRC-32 of the file with zeros in its place") {
  const Bytes bytes = serialize_model(network_of<double>(small_architecture()));
  CHECK(sign(bytes) == bytes);
}

TEST_CASE("numbers are converted by value when the model is wanted in another precision") {
  const Network<float> single = network_of<float>(small_architecture());
  const auto wide = parse_model<double>(serialize_model(single)).network;
  REQUIRE(wide.parameter_count() == single.parameter_count());
  for (std::size_t n = 0; n < wide.parameter_count(); ++n) {
    CHECK(wide.parameters()[n] == static_cast<double>(single.parameters()[n]));
  }
  const Network<double> both = network_of<double>(small_architecture());
  const auto narrow = parse_model<float>(serialize_model(both)).network;
  for (std::size_t n = 0; n < narrow.parameter_count(); ++n) {
    CHECK(narrow.parameters()[n] == static_cast<float>(both.parameters()[n]));
  }
  check_same_bits(parse_model<float>(serialize_model(wide)).network, single);
}

TEST_CASE("a number too large for single precision is refused only there") {
  Network<double> network = network_of<double>(small_architecture(), false);
  for (const double value : {1e39, -1e39, 1e308}) {
    network.mutable_parameters()[0] = value;
    const Bytes bytes = serialize_model(network);
    CHECK_NOTHROW(parse_model<double>(bytes));
    CHECK_THROWS_WITH_AS(parse_model<float>(bytes),
                         "tensor \"layers.0.coef\": number 0 does not fit 32 bits", FormatError);
  }
  network.mutable_parameters()[0] = static_cast<double>(std::numeric_limits<float>::max());
  CHECK_NOTHROW(parse_model<float>(serialize_model(network)));
}

TEST_CASE("notes are carried, whatever their text") {
  const Network<double> network(small_architecture());
  const StringMap notes = {{"", "empty key"},
                           {"\"kan.crc32", "x"},
                           {"settings", "{\"kan.crc32\":\"00000000\"}"},
                           {"user", std::string("\0\n\xC3\xA9", 4)},
                           {"large", std::string(100000, '"')}};
  CHECK(parse_model<double>(serialize_model(network, notes)).notes == notes);
  CHECK_THROWS_WITH_AS(serialize_model(network, {{"a", "\xFF"}}), doctest::Contains("valid UTF-8"),
                       std::invalid_argument);
}

TEST_CASE("a network that could not be read back is not written") {
  const auto refused = [](const Network<double>& network, const char* reason) {
    CHECK_THROWS_WITH_AS(serialize_model(network), doctest::Contains(reason),
                         std::invalid_argument);
  };
  Network<double> network = network_of<double>(small_architecture());
  network.mutable_parameters()[1] = 1;
  refused(network, "cannot be saved: tensor \"layers.0.coef\": number 1 must be 0");
  network.mutable_parameters()[1] = 0;
  network.mutable_parameters()[0] = std::nan("");
  refused(network, "\"layers.0.coef\": number 0 is not finite");
  Architecture wide;
  wide.layers = {{1, 0, std::vector<int>(200000, 1), 1, 0}};
  refused(Network<double>(wide), "too many layers, multiplication nodes or symbolic edges");
}

TEST_CASE("a model is saved to a path and loaded from it, and messages name it") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("m.safetensors");
  const Network<double> network = network_of<double>(small_architecture());
  save_model(path, network, {{"a", "b"}});
  const LoadedModel<double> loaded = load_model<double>(path);
  check_same_bits(network, loaded.network);
  CHECK(loaded.notes == StringMap{{"a", "b"}});
  CHECK(directory.entries() == 1);
  CHECK_THROWS_AS(save_model(directory.file("none/x"), network), std::system_error);
  CHECK_THROWS_AS(load_model<double>(directory.file("none")), std::system_error);
  write_text(path, text_of(serialize_safetensors({{"format", "pt"}}, {})));
  CHECK_THROWS_WITH_AS(load_model<double>(path),
                       (path + ": not a kan model: its metadata need \"format\": \"kan\"").c_str(),
                       FormatError);
}

}  // namespace
