// Loading a model takes at most twice its file and a mebibyte of resident memory, the file's own bytes
// among them.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <malloc.h>

#include <kan/model.hpp>

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

/// A line of /proc/self/status in bytes.
std::size_t status(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    std::size_t kibibytes = 0;
    if (word == key + ":" && file >> kibibytes) return 1024 * kibibytes;
  }
  return 0;
}

/// Makes the most resident memory so far that of now.
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

template <class T>
kan::Network<T> network(bool pruned) {
  kan::Architecture architecture;
  architecture.layers = {{500, 800, {}, 5, 3}, {800, 1, {}, 5, 3}};
  kan::Network<T> network(architecture);
  for (std::size_t p = 0; p < network.parameter_count(); ++p) {
    network.mutable_parameters()[p] = static_cast<T>(p % 7);
  }
  if (pruned) {
    std::vector<std::uint8_t> mask = network.edge_mask(0);
    for (std::size_t n = 0; n < mask.size(); n += 3) mask[n] = 0;
    network.set_edge_mask(0, mask);
  }
  return network;
}

template <class T>
bool check(const char* name, bool pruned) {
  const std::string path = std::string(name) + ".safetensors";
  kan::save_model(path, network<T>(pruned));
  malloc_trim(0);  // what writing used is given back, lest reading find it
  forget_peak();
  const std::size_t before = status("VmRSS");
  const auto model = kan::Model<T>::load(path);
  const std::size_t peak = status("VmHWM") - before;
  const std::size_t file = std::filesystem::file_size(path);
  const std::size_t allowed = 2 * file + mebibyte;
  std::filesystem::remove(path);
  std::printf("%s: file %zu bytes, at most %zu resident, %zu allowed\n", name, file, peak, allowed);
  return model.inputs() == 500 && peak >= file && peak <= allowed;
}

}  // namespace

int main() {
  bool holds = check<float>("float", false);
  holds = check<double>("double", false) && holds;
  holds = check<float>("pruned_float", true) && holds;
  holds = check<double>("pruned_double", true) && holds;
  return holds ? 0 : 1;
}
