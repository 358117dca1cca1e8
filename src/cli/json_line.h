#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hotline::cli {

/// Whether output is for people, or one JSON object a line.
enum class OutputForm : bool { text, json };

/// One JSON object under construction; its keys keep the order in which they were added. Bytes that
/// are no UTF-8 are replaced, and what is not ASCII is escaped, so that a line is safe to show.
/// Move only.
class JsonLine {
 public:
  JsonLine();
  JsonLine(JsonLine&&) noexcept;
  JsonLine& operator=(JsonLine&&) noexcept;
  ~JsonLine();

  /// An object that begins with `"v":1`, the version of everything the program prints.
  static JsonLine versioned();

  JsonLine& add(std::string_view key, std::string_view value);
  JsonLine& add(std::string_view key, std::int64_t value);
  JsonLine& add(std::string_view key, const std::vector<std::string>& values);
  JsonLine& add(std::string_view key, const JsonLine& object);

  /// A list of objects.
  JsonLine& add(std::string_view key, const std::vector<JsonLine>& objects);

  /// The same as add, unless `value` is empty.
  JsonLine& add_unless_empty(std::string_view key, std::string_view value);

  /// The object on one line, without a newline.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hotline::cli
