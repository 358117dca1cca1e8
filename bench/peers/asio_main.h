#pragma once

#include <cstdint>
#include <cstdio>
#include <exception>

#include "../floors/listening.h"

namespace peers {

// Runs `serve` with the port of the command line. Returns the status of the program.
inline int run_asio(int argc, char** argv, void (*serve)(std::uint16_t port)) {
  floors::raise_descriptor_limit();
  try {
    serve(floors::port_option(argc, argv));
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s: %s\n", argv[0], failure.what());
    return 1;
  }
}

}  // namespace peers
