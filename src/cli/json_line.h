#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hotline::cli {

/// Whether output is for people, or one JSON object on each line.
enum class OutputForm : bool { text, json };

/// One JSON object under construction; its keys keep the order in which they were added. Bytes that
/// are not UTF-8 are replaced, and non-ASCII text is escaped, so that a line is safe to show. Move
/// only.
class JsonLine {
 public:
  JsonLine();
  JsonLine(JsonLine&&) noexcept;
  JsonLine& operator=(JsonLine&&) noexcept;
  ~JsonLine();

  /// Returns an object that begins with `"v":1`, the version of everything the program prints.
  static JsonLine versioned();

  JsonLine& add(std::string_view key, std::string_view value);
  JsonLine& add(std::string_view key, std::int64_t value);
  JsonLine& add(std::string_view key, const std::vector<std::string>& values);
  JsonLine& add(std::string_view key, const JsonLine& object);

  /// Adds a time in UTC: `2026-11-22T20:44:16.123456Z`.
  JsonLine& add(std::string_view key, std::chrono::system_clock::time_point time);

  /// Adds true or false. Not an add(), which a literal of text would call too.
  JsonLine& add_flag(std::string_view key, bool value);

  /// Adds a list of objects.
  JsonLine& add(std::string_view key, const std::vector<JsonLine>& objects);

  /// The same as add(), unless `value` is empty.
  JsonLine& add_unless_empty(std::string_view key, std::string_view value);

  /// Returns the object on one line, without a newline.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hotline::cli
