// Writes model files of every kind, small ones, for fuzzers to begin with.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "kan/model_file.hpp"
#include "networks.hpp"

namespace {

/// Architectures of every base and policy, and what the tests of passes look at.
std::vector<kan::Architecture> architectures() {
  std::vector<kan::Architecture> all = kan::test::telling_architectures();
  for (const kan::Base base : {kan::Base::silu, kan::Base::identity, kan::Base::zero}) {
    for (int policy = 0; policy < 5; ++policy) {
      kan::Architecture small;
      small.layers = {{2, 1, {2}, 2, policy}, {2, 1, {}, 1, 3}};
      small.base = base;
      small.extrapolation = static_cast<kan::Extrapolation>(policy);
      small.affine = policy % 2 == 0;
      all.push_back(small);
    }
  }
  return all;
}

template <class T>
void write(const std::string& path, const kan::Architecture& architecture, bool pruned) {
  kan::Network<T> network = kan::test::random_network<T>(architecture);
  if (pruned) {
    std::vector<std::uint8_t> mask = network.edge_mask(0);
    for (std::size_t n = 0; n < mask.size(); n += 2) mask[n] = 0;
    network.set_edge_mask(0, mask);
  }
  const std::vector<double> x(static_cast<std::size_t>(architecture.inputs()), 0.25);
  kan::save_model(path, network, {{"settings", "{}"}},
                  pruned ? kan::make_self_test(network, x) : kan::SelfTest{});
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const std::string folder = arguments[1];
  try {
    std::filesystem::create_directories(folder);
    int number = 0;
    for (const kan::Architecture& architecture : architectures()) {
      const std::string path = folder + "/" + std::to_string(number);
      write<float>(path + "f", architecture, number % 2 == 0);
      write<double>(path + "d", architecture, number % 3 == 0);
      ++number;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
