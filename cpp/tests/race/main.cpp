// Two threads read what the other wrote: after one of OpenMP's barriers or, where asked for, without one.
// The thread sanitizer must report the second and may not report the first.

#include <cstdio>

namespace {

int written[2];
int read[2];

void with_barrier() {
#pragma omp parallel num_threads(2)
  {
#pragma omp for schedule(static, 1)
    for (int n = 0; n < 2; ++n) written[n] = n + 1;
#pragma omp for schedule(static, 1)
    for (int n = 0; n < 2; ++n) read[n] = written[1 - n];
  }
}

void without_barrier() {
#pragma omp parallel num_threads(2)
  {
#pragma omp for schedule(static, 1) nowait
    for (int n = 0; n < 2; ++n) written[n] = n + 1;
#pragma omp for schedule(static, 1)
    for (int n = 0; n < 2; ++n) read[n] = written[1 - n];
  }
}

}  // namespace

int main(int count, char** /*arguments*/) {
  if (count > 1) {
    without_barrier();
  } else {
    with_barrier();
  }
  std::printf("read %d %d\n", read[0], read[1]);
  return 0;
}
