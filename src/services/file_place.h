#pragma once

#include <utility>

#include "hotline/core/result.h"
#include "hotline/engine/semaphore.h"

namespace hotline::services {

/// One of the places that a semaphore counts, given back by destruction. Move only.
class FilePlace {
 public:
  FilePlace(FilePlace&& other) noexcept : places_(std::exchange(other.places_, nullptr)) {}
  FilePlace& operator=(FilePlace&&) = delete;
  ~FilePlace() {
    if (places_ != nullptr) places_->release();
  }

  /// Waits for a place of `places`, which must outlive it. Fails with `cancelled`, and with
  /// `draining` if it would have to wait while the server drains.
  static Result<FilePlace> take(Semaphore& places) {
    auto taken = places.acquire(Deadline::never(), OnDrain::ends);
    if (!taken) return fail(std::move(taken.error()));
    return FilePlace(places);
  }

 private:
  explicit FilePlace(Semaphore& places) : places_(&places) {}

  Semaphore* places_;
};

}  // namespace hotline::services
