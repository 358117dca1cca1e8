#pragma once

namespace hotline::engine {

struct Scope;

/// Defers a drain. While it exists, a drain interrupts none of the waits of this fiber (or of this
/// thread, if it has no loop), and a join does not forward a drain to its members. A drain that
/// arrives in that time takes effect when the hold is destroyed. Use it around an exchange that
/// must be completed. Holds may be nested; the fiber that makes a hold must destroy it.
class DrainHold {
 public:
  DrainHold();
  ~DrainHold();
  DrainHold(const DrainHold&) = delete;
  DrainHold& operator=(const DrainHold&) = delete;

 private:
  Scope& scope_;
  bool outer_;
};

}  // namespace hotline::engine
