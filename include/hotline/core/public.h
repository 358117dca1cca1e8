#pragma once

static_assert(__cplusplus >= 202100L, "hotline needs C++23: compile with -std=c++23");

/// Public headers write this after `namespace hotline`: programs that link a shared library can use
/// what is declared there; everything else is hidden.
#define HOTLINE_PUBLIC __attribute__((visibility("default")))
