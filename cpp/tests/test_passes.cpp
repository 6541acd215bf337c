#include "passes.hpp"

#include <doctest/doctest.h>

#include "evaluations.hpp"
#include "networks.hpp"
#include "parallel.hpp"

namespace {

using namespace kan::test;

TEST_CASE("no thread has much more rows to predict than another") {
  kan::Architecture architecture;
  architecture.layers = {{20, 64, {}, 10, 3}, {64, 64, {}, 10, 3}, {64, 1, {}, 10, 3}};
  const kan::Network<float> network(architecture);
  for (const int count : {1, 2, 3, 7}) {
    const ThreadCount threads(count);
    const kan::Passes<float> passes(network, kan::Purpose::predict, 0);
    for (const std::size_t rows : {100, 1000, 1024, 4096, 5000, 100000}) {
      CAPTURE(count);
      CAPTURE(rows);
      const std::size_t each = passes.rows_each(rows);
      CHECK(each <= passes.rows());
      const std::size_t turns = kan::pieces(kan::pieces(rows, each), size(count));
      const std::size_t fair = kan::pieces(rows, size(count));
      CHECK(turns * each <= fair + turns * kan::kernels::lane_block);
    }
  }
}

}  // namespace
