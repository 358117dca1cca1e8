#pragma once

namespace hotline::engine {

struct Scope;

/// While it lives a drain ends none of this fiber's waits, or this thread's if it has no loop, and
/// a join passes none on to its members. Afterwards it does, also one that came meanwhile. For who
/// is in the midst of something that it has to end. May be nested; made and destroyed by the same
/// fiber.
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
