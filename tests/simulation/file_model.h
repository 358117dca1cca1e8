#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace simulation {

/// What a home may contain, by what its callers have asked for and heard. Each name has states that
/// are possible: what a request has set, once it has succeeded, and what other requests that have
/// not been answered may still set.
class FileModel {
 public:
  /// What a name stands for: nothing, a directory, or a content by its number.
  using State = std::size_t;
  static constexpr State kNothing = 0;
  static constexpr State kDirectory = 1;

  /// A name, and what it may be after a request.
  struct Effect {
    std::string path;
    std::vector<State> states;
  };
  using Effects = std::vector<Effect>;

  /// A request by which names change.
  struct Change {
    std::size_t number = 0;
    Effects effects{};
  };

  /// A home as it is found: directories, and the content of files.
  struct Found {
    State kind = kNothing;  ///< kNothing: a file.
    std::string content{};
  };
  using Home = std::map<std::string, Found>;

  /// Makes a content of about `size` bytes, which is like no other.
  State add_content(std::size_t size);
  const std::string& content(State state) const { return contents_.at(state); }

  /// Notes that a change is asked for: old and new are possible.
  Change begin(Effects effects);

  /// Notes that the server that runs now may have been asked for it.
  void note_asked(const Change& change);

  /// Notes that it has succeeded: only the new is possible, and what other requests do that the
  /// server has got and not answered.
  void succeed(const Change& change);

  /// Notes that the server has not done it.
  void withdraw(const Change& change);

  /// Notes that the server is not at work on it any more, whatever it has done.
  void end(const Change& change);

  /// Notes the end of a server: it does nothing any more of what it has not answered.
  void end_server() { ++servers_; }

  std::vector<State> states(const std::string& path) const;
  bool may_be(const std::string& path, State state) const;
  bool may_be_file(const std::string& path, std::string_view content) const;

  /// Returns the names below `directory` that were ever asked for.
  std::vector<std::string> below(const std::string& directory) const;

  /// Returns what of a home must not be; empty if all may.
  std::string fault_in(const Home& home) const;

 private:
  struct Possible {
    State state = kNothing;
    std::size_t change = 0;  ///< 0: it is known.
    std::size_t server = 0;  ///< The server that the change was asked of.
  };

  std::string fault_in(const std::string& path, const Found* found) const;
  std::vector<Possible>& possible(const std::string& path);

  std::vector<std::string> contents_{{}, {}};  ///< By their numbers.
  std::map<std::string, std::vector<Possible>> names_{};
  std::size_t changes_ = 0;
  std::size_t servers_ = 0;
};

}  // namespace simulation
