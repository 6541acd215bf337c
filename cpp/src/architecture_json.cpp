#include "architecture_json.hpp"

#include <array>
#include <limits>
#include <optional>
#include <stdexcept>

#include "json.hpp"
#include "kan/errors.hpp"

namespace kan {
namespace {

/// Enough for about 100 000 multiplication nodes or 5000 symbolic edges, and little memory for a
/// hostile file.
constexpr std::size_t longest_text = std::size_t{1} << 18U;

// In the order of the enumerations.
constexpr std::array<std::string_view, 3> base_names = {"silu", "identity", "zero"};
constexpr std::array<std::string_view, 5> extrapolation_names = {"linear", "clamp", "zero",
                                                                 "polynomial", "error"};

// The last of these three are there only where they say something.
constexpr std::array<std::string_view, 6> fields = {"layers", "base",      "extrapolation",
                                                    "affine", "trainable", "tables"};
constexpr std::array<std::string_view, 6> layer_fields = {"inputs",    "sums",   "arities",
                                                          "intervals", "degree", "symbolic"};
constexpr std::array<std::string_view, 4> edge_fields = {"input", "sum", "function", "table"};
constexpr std::array<std::string_view, 2> table_fields = {"name", "coefficients"};

constexpr std::array<std::string_view, 3> trainable_fields = {"coefficients", "base_weights",
                                                              "affine"};

std::string field(std::string_view name, const std::string& value) {
  return "\"" + std::string(name) + "\":" + value;
}

std::string boolean(bool value) { return value ? "true" : "false"; }

std::string edges_json(const Layer& layer) {
  std::string list;
  for (const SymbolicEdge& edge : layer.symbolic) {
    if (!list.empty()) list += ',';
    list += "{" + field(edge_fields[0], std::to_string(edge.input)) + "," +
            field(edge_fields[1], std::to_string(edge.sum)) + "," +
            field(edge_fields[2], json::quote(function_name(edge.function)));
    if (edge.function == Function::table) {
      list += "," + field(edge_fields[3], std::to_string(edge.table));
    }
    list += "}";
  }
  return "[" + list + "]";
}

std::string layer_json(const Layer& layer) {
  std::string arities;
  for (const int arity : layer.arities) {
    if (!arities.empty()) arities += ',';
    arities += std::to_string(arity);
  }
  return "{" + field(layer_fields[0], std::to_string(layer.inputs)) + "," +
         field(layer_fields[1], std::to_string(layer.sums)) + "," +
         field(layer_fields[2], "[" + arities + "]") + "," +
         field(layer_fields[3], std::to_string(layer.intervals)) + "," +
         field(layer_fields[4], std::to_string(layer.degree)) +
         (layer.symbolic.empty() ? "" : "," + field(layer_fields[5], edges_json(layer))) + "}";
}

/// The numbers are tensors; how many there are is here.
std::string tables_json(const std::vector<Table>& tables) {
  std::string list;
  for (const Table& table : tables) {
    if (!list.empty()) list += ',';
    list += "{" + field(table_fields[0], json::quote(table.name)) + "," +
            field(table_fields[1], std::to_string(table.coefficients.size())) + "}";
  }
  return "[" + list + "]";
}

int read_int(json::Reader& reader) {
  const std::uint64_t value = reader.unsigned_integer();
  if (value > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
    reader.fail("a size of " + std::to_string(value) + " is too large");
  }
  return static_cast<int>(value);
}

template <class Enum, std::size_t N>
Enum read_name(json::Reader& reader, const std::array<std::string_view, N>& names) {
  const std::string name = reader.string();
  std::string known;
  for (std::size_t n = 0; n < N; ++n) {
    if (names[n] == name) return static_cast<Enum>(n);
    known += (n == 0 ? "" : ", ") + std::string(names[n]);
  }
  reader.fail("expected one of " + known + ", got \"" + json::printable(name) + "\"");
}

Function read_function(json::Reader& reader) {
  const std::string name = reader.string();
  const std::optional<Function> function = function_named(name);
  if (!function) reader.fail("there is no function \"" + json::printable(name) + "\"");
  return *function;
}

SymbolicEdge read_edge(json::Reader& reader) {
  SymbolicEdge edge;
  bool has_table = false;
  reader.record(
      edge_fields,
      [&](std::size_t n) {
        if (n == 0) edge.input = read_int(reader);
        if (n == 1) edge.sum = read_int(reader);
        if (n == 2) edge.function = read_function(reader);
        if (n == 3) edge.table = read_int(reader);
        has_table = has_table || n == 3;
      },
      1);
  if (has_table != (edge.function == Function::table)) {
    reader.fail("a symbolic edge has a \"table\" if that is its function, and only then");
  }
  return edge;
}

Layer read_layer(json::Reader& reader) {
  Layer layer;
  reader.record(
      layer_fields,
      [&](std::size_t n) {
        if (n == 0) layer.inputs = read_int(reader);
        if (n == 1) layer.sums = read_int(reader);
        if (n == 2) reader.array([&] { layer.arities.push_back(read_int(reader)); });
        if (n == 3) layer.intervals = read_int(reader);
        if (n == 4) layer.degree = read_int(reader);
        if (n == 5) reader.array([&] { layer.symbolic.push_back(read_edge(reader)); });
      },
      1);
  return layer;
}

/// The coefficients are 0: their values are a tensor.
Table read_table(json::Reader& reader, std::size_t& most_coefficients) {
  Table table;
  reader.record(table_fields, [&](std::size_t n) {
    if (n == 0) table.name = reader.string();
    if (n == 1) {
      const auto count = static_cast<std::size_t>(read_int(reader));
      if (count > Table::most_coefficients) reader.fail("a table has too many coefficients");
      if (count > most_coefficients) {
        reader.fail("the tables have more coefficients than there is data");
      }
      most_coefficients -= count;
      table.coefficients.assign(count, 0.0);
    }
  });
  return table;
}

Trainable read_trainable(json::Reader& reader) {
  Trainable groups;
  reader.record(trainable_fields, [&](std::size_t n) {
    const bool moves = reader.boolean();
    if (n == 0) groups.coefficients = moves;
    if (n == 1) groups.base_weights = moves;
    if (n == 2) groups.affine = moves;
  });
  return groups;
}

}  // namespace

std::string architecture_json(const Architecture& architecture, Trainable trainable) {
  std::string layers;
  for (const Layer& layer : architecture.layers) {
    if (!layers.empty()) layers += ',';
    layers += layer_json(layer);
  }
  const auto name = [](std::string_view text) { return json::quote(text); };
  const std::string groups = "{" + field(trainable_fields[0], boolean(trainable.coefficients)) +
                             "," + field(trainable_fields[1], boolean(trainable.base_weights)) +
                             "," + field(trainable_fields[2], boolean(trainable.affine)) + "}";
  std::string text =
      "{" + field(fields[0], "[" + layers + "]") + "," +
      field(fields[1], name(base_names[static_cast<std::size_t>(architecture.base)])) + "," +
      field(fields[2],
            name(extrapolation_names[static_cast<std::size_t>(architecture.extrapolation)])) +
      "," + field(fields[3], boolean(architecture.affine)) + "," + field(fields[4], groups);
  if (!architecture.tables.empty()) {
    text += "," + field(fields[5], tables_json(architecture.tables));
  }
  text += "}";
  if (text.size() > longest_text) {
    throw std::invalid_argument(
        "the architecture has too many layers, multiplication nodes or symbolic edges for a model "
        "file");
  }
  return text;
}

StoredArchitecture parse_architecture(std::string_view text, std::size_t data_bytes) {
  if (text.size() > longest_text) {
    throw FormatError("architecture: " + std::to_string(text.size()) + " bytes of text, at most " +
                      std::to_string(longest_text) + " are allowed");
  }
  StoredArchitecture stored;
  Architecture& architecture = stored.architecture;
  json::Reader reader(text, "architecture");
  std::size_t most_coefficients = data_bytes / sizeof(double);
  const auto read = [&](std::size_t n) {
    if (n == 0) reader.array([&] { architecture.layers.push_back(read_layer(reader)); });
    if (n == 1) architecture.base = read_name<Base>(reader, base_names);
    if (n == 2) architecture.extrapolation = read_name<Extrapolation>(reader, extrapolation_names);
    if (n == 3) architecture.affine = reader.boolean();
    if (n == 4) stored.trainable = read_trainable(reader);
    if (n == 5) {
      reader.array([&] {
        if (architecture.tables.size() == max_tables) reader.fail("there are too many tables");
        architecture.tables.push_back(read_table(reader, most_coefficients));
      });
    }
  };
  reader.record(fields, read, 1);
  reader.end();
  try {
    architecture.validate();
  } catch (const std::invalid_argument& error) {
    throw FormatError(error.what());
  }
  return stored;
}

}  // namespace kan
