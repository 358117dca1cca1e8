#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotline::cli {

/// The peer, for code that waits for the user and shows what the peer sends.
class PeerWatch {
 public:
  virtual ~PeerWatch() = default;

  /// Returns the descriptor to wait on for the peer; negative if there is none.
  virtual int descriptor() const = 0;

  /// Returns true if the peer has already hung up.
  virtual bool has_hung_up() const { return descriptor() < 0; }

  /// Returns true if the fiber is to be suspended while there is no input. There is no descriptor
  /// to wait on then; a cancel of the fiber counts as something from the peer.
  virtual bool suspends() const { return false; }

  /// Returns true if bytes of the peer are here already, so that its descriptor may stay silent.
  virtual bool has_unread() const { return false; }

  /// Shows what has arrived from the peer. Returns false if it hangs up.
  virtual bool show_arrived() = 0;

  /// Call before waiting for the user: a reply that was shown gets its newline.
  virtual void settle() = 0;
};

/// Where the messages of `hotline call` come from.
class MessageSource {
 public:
  /// The result of next().
  enum class Next : std::uint8_t {
    message,
    end,      ///< There are no more messages.
    hang_up,  ///< The peer hung up first.
  };

  virtual ~MessageSource() = default;

  /// Gets the next message. Waits for it, and for `peer`.
  virtual Next next(std::string& message, PeerWatch& peer) = 0;

  /// Same as next(), without waiting. Returns nullopt if the line has not arrived yet.
  virtual std::optional<Next> next_now(std::string& message) = 0;

  /// Returns the errno that ended the messages, or 0 if there was none.
  virtual int failure() const { return 0; }
};

/// Messages that are given beforehand.
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
