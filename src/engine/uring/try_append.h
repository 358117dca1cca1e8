#pragma once

#include <new>
#include <vector>

namespace hotline::engine {

/// Appends `value`. Returns false if there is no memory for it. For completions, which cannot
/// throw.
template <typename Value>
bool try_append(std::vector<Value>& values, Value value) noexcept {
  try {
    values.push_back(value);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace hotline::engine
