// Usage: consumer MODEL X1 X2 EXPECTED TOLERANCE

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <kan/model.hpp>
#include <kan/version.hpp>

int main(int count, char** arguments) {
  if (count != 6 || std::strcmp(kan::version, EXPECTED_VERSION) != 0) return 2;
  const auto model = kan::Model<double>::load(arguments[1]);
  const double x[2] = {std::strtod(arguments[2], nullptr), std::strtod(arguments[3], nullptr)};
  std::vector<std::byte> scratch(model.workspace_bytes(1));
  double y = 0.0;
  if (model.predict(x, 1, &y, scratch) != kan::Status::ok) return 1;
  std::printf("%.17g\n", y);
  const double error = std::fabs(y - std::strtod(arguments[4], nullptr));
  return error <= std::strtod(arguments[5], nullptr) ? 0 : 1;
}
