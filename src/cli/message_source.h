#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotline::cli {

/// The peer, for whoever waits for the user meanwhile.
class PeerWatch {
 public:
  virtual ~PeerWatch() = default;

  /// What to wait on for the peer; negative if it has hung up already.
  virtual int descriptor() const = 0;

  /// Shows what has come from the peer: false if it has hung up.
  virtual bool show_arrived() = 0;

  /// The user is about to be waited for: what was shown of a reply gets its newline.
  virtual void settle() = 0;
};

/// Where the messages of `hotline call` come from.
class MessageSource {
 public:
  /// What next came back with.
  enum class Next : std::uint8_t {
    message,
    end,      ///< There is none any more.
    hang_up,  ///< The peer hung up first.
  };

  virtual ~MessageSource() = default;

  /// The next message. Waits for it, and for `peer`.
  virtual Next next(std::string& message, PeerWatch& peer) = 0;

  /// The same without waiting: nothing if it is not known yet.
  virtual std::optional<Next> next_now(std::string& message) = 0;

  /// The errno for which there were no more messages; 0 if there was none.
  virtual int failure() const { return 0; }
};

/// Messages that are known beforehand.
class ArgumentMessages final : public MessageSource {
 public:
  explicit ArgumentMessages(const std::vector<std::string>& messages) : messages_(messages) {}

  Next next(std::string& message, PeerWatch&) override { return *next_now(message); }

  std::optional<Next> next_now(std::string& message) override {
    if (position_ == messages_.size()) return Next::end;
    message = messages_[position_++];
    return Next::message;
  }

 private:
  const std::vector<std::string>& messages_;
  std::size_t position_ = 0;
};

}  // namespace hotline::cli
