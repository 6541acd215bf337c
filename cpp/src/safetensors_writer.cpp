#include "kan/safetensors.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "json.hpp"
#include "safetensors_layout.hpp"

namespace kan {
namespace {

using namespace safetensors;
using Entry = TensorMap::value_type;

constexpr std::size_t data_alignment = 64;

void check_tensor(const std::string& name, const TensorView& view) {
  const auto refuse = [&name](const std::string& reason) {
    throw std::invalid_argument("tensor \"" + json::printable(name) + "\" " + reason);
  };
  if (name == metadata_key) refuse("must have another name");
  if (view.shape.size() > max_rank) refuse("must have a rank of at most 8");
  const std::optional<std::size_t> needed = tensor_bytes(view);
  if (!needed) {
    refuse("must have a size that does not overflow");
  } else if (*needed != view.bytes) {
    refuse("must have the " + std::to_string(*needed) + " bytes of its dtype and shape, got " +
           std::to_string(view.bytes));
  }
}

/// Falling item size, then name, so that all data is aligned without holes.
std::vector<const Entry*> storage_order(const TensorMap& tensors) {
  std::vector<const Entry*> order;
  for (const Entry& entry : tensors) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    return item_size(a->second.dtype) > item_size(b->second.dtype);
  });
  return order;
}

std::string metadata_json(const StringMap& metadata) {
  std::string text = "{";
  for (const auto& [key, value] : metadata) {
    if (text.size() > 1) text += ',';
    text += json::quote(key);
    text += ':';
    text += json::quote(value);
  }
  return text += '}';
}

std::string tensor_json(const TensorView& view, std::size_t begin) {
  std::string shape;
  for (const std::uint64_t extent : view.shape) {
    if (!shape.empty()) shape += ',';
    shape += std::to_string(extent);
  }
  return std::string("{\"dtype\":\"") + dtype_name(view.dtype) + "\",\"shape\":[" + shape +
         "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(begin + view.bytes) +
         "]}";
}

std::string header_json(const StringMap& metadata, const std::vector<const Entry*>& order) {
  std::string text = "{";
  const auto add = [&text](const std::string& key, const std::string& value) {
    if (text.size() > 1) text += ',';
    text += json::quote(key);
    text += ':';
    text += value;
  };
  if (!metadata.empty()) add(metadata_key, metadata_json(metadata));
  std::size_t begin = 0;
  for (const Entry* entry : order) {
    add(entry->first, tensor_json(entry->second, begin));
    begin += entry->second.bytes;
  }
  text += '}';
  while ((prefix_bytes + text.size()) % data_alignment != 0) text += ' ';
  return text;
}

}  // namespace

std::vector<std::byte> serialize_safetensors(const StringMap& metadata, const TensorMap& tensors) {
  std::size_t size = prefix_bytes;
  for (const auto& [name, view] : tensors) {
    check_tensor(name, view);
    size += view.bytes;
  }
  if (tensors.size() + metadata.size() > max_entries) {
    throw std::invalid_argument("at most " + std::to_string(max_entries) +
                                " tensors and entries of metadata fit into a file, got " +
                                std::to_string(tensors.size() + metadata.size()));
  }
  const std::vector<const Entry*> order = storage_order(tensors);
  const std::string header = header_json(metadata, order);
  size += header.size();
  if (header.size() > max_header_bytes) {
    throw std::invalid_argument("too much text for a safetensors file: a header of " +
                                std::to_string(header.size()) + " bytes");
  }
  std::vector<std::byte> bytes;
  bytes.reserve(size);
  for (unsigned n = 0; n < prefix_bytes; ++n) {
    bytes.push_back(static_cast<std::byte>(std::uint64_t{header.size()} >> (8U * n) & 0xFFU));
  }
  const auto* text = reinterpret_cast<const std::byte*>(header.data());
  bytes.insert(bytes.end(), text, text + header.size());
  for (const Entry* entry : order) {
    bytes.insert(bytes.end(), entry->second.data, entry->second.data + entry->second.bytes);
  }
  return bytes;
}

}  // namespace kan
