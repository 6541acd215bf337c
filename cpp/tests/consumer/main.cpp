#include <cstdio>
#include <cstring>

#include <kan/version.hpp>

int main() {
  std::printf("kan %s\n", kan::version);
  return std::strcmp(kan::version, EXPECTED_VERSION) == 0 ? 0 : 1;
}
