#pragma once

#include <string>

#include "callers.h"

// Callers that keep their calls for as long as the server lets them.

namespace bench {

class Flood final : public Callers {
 public:
  explicit Flood(const CallerOptions& options);

 private:
  void act(Call& call) override;
  std::uint32_t events() const override { return EPOLLIN | EPOLLOUT; }

  std::string messages_;
};

class Deaf final : public Callers {
 public:
  explicit Deaf(const CallerOptions& options);

 private:
  void act(Call& call) override;
  std::uint32_t events() const override { return EPOLLOUT; }

  std::string messages_;
};

class Dribble final : public Callers {
 public:
  using Callers::Callers;

 private:
  void act(Call& call) override;
};

class Partial final : public Callers {
 public:
  explicit Partial(const CallerOptions& options);

 private:
  void act(Call& call) override;
  std::uint32_t events() const override { return EPOLLIN | EPOLLOUT; }

  std::string message_;
};

class Idle final : public Callers {
 public:
  using Callers::Callers;

 private:
  void act(Call& call) override { receive(call); }
};

}  // namespace bench
