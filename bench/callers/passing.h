#pragma once

#include <random>
#include <string>
#include <vector>

#include "callers.h"

// Callers that hang up and call again, without end.

namespace bench {

class Churn final : public Callers {
 public:
  explicit Churn(const CallerOptions& options);

 private:
  void act(Call& call) override;
  std::uint32_t events() const override { return EPOLLIN | EPOLLOUT; }

  std::string word_;
};

class Garbage final : public Callers {
 public:
  explicit Garbage(const CallerOptions& options);

 private:
  void act(Call& call) override;
  std::uint32_t events() const override { return EPOLLOUT; }
  std::string noise();

  // The same in each run.
  std::mt19937_64 random_{1};
  std::vector<std::string> noises_;
};

}  // namespace bench
