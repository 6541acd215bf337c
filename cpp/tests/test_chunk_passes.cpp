#include "passes.hpp"

#include <doctest/doctest.h>

#include "evaluations.hpp"
#include "networks.hpp"
#include "parallel.hpp"

namespace {

using namespace kan::test;

TEST_CASE("no thread has many more rows to predict than another") {
  kan::Architecture architecture;
  architecture.layers = {{20, 64, {}, 10, 3}, {64, 64, {}, 10, 3}, {64, 1, {}, 10, 3}};
  const kan::Network<float> network(architecture);
  for (const int count : {1, 2, 3, 7}) {
    const ThreadCount threads(count);
    const kan::Passes<float> passes(network, kan::Purpose::predict, 0);
    for (const std::size_t rows : {100U, 1000U, 1024U, 4096U, 5000U, 100000U}) {
      CAPTURE(count);
      CAPTURE(rows);
      const std::size_t each = passes.rows_each(rows);
      CHECK(each <= passes.rows());
      CHECK(each % kan::kernels::lane_block == 0);
      REQUIRE(each > 0);
      const std::size_t turns = kan::pieces(kan::pieces(rows, each), size(count));
      const std::size_t fair = kan::pieces(rows, size(count));
      CHECK(turns * each <= fair + turns * kan::kernels::lane_block);
    }
  }
}

}  // namespace
