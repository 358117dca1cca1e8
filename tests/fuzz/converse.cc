#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

// conversations_NAME COUNT: gives the fuzzer NAME so many random inputs, and prints how many. It
// has no sanitizers, and so makes many more conversations in the same time.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argument_count, char** arguments) {
  unsigned long count = 0;
  const char* const text = argument_count == 2 ? arguments[1] : "";
  std::from_chars(text, text + std::strlen(text), count);
  if (count == 0) {
    std::fputs("usage: conversations_NAME COUNT\n", stderr);
    return 2;
  }
  constexpr std::size_t kInputBytesMax = 200;
  std::mt19937_64 numbers;  // Always the same: what fails once can be run again.
  std::vector<std::uint8_t> input;
  for (unsigned long i = 0; i < count; ++i) {
    input.resize(numbers() % kInputBytesMax);
    for (std::uint8_t& each : input) each = static_cast<std::uint8_t>(numbers());
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%lu conversations\n", count);
}
