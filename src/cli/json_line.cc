#include "cli/json_line.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "hotline/core/log_entry.h"

namespace hotline::cli {

struct JsonLine::State {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
};

JsonLine::JsonLine() : state_(std::make_unique<State>()) {}
JsonLine::JsonLine(JsonLine&&) noexcept = default;
JsonLine& JsonLine::operator=(JsonLine&&) noexcept = default;
JsonLine::~JsonLine() = default;

JsonLine JsonLine::versioned() {
  JsonLine line;
  line.add("v", 1);
  return line;
}

JsonLine& JsonLine::add(std::string_view key, std::string_view value) {
  state_->object[std::string(key)] = value;
  return *this;
}

JsonLine& JsonLine::add(std::string_view key, std::int64_t value) {
  state_->object[std::string(key)] = value;
  return *this;
}

JsonLine& JsonLine::add(std::string_view key, const std::vector<std::string>& values) {
  state_->object[std::string(key)] = values;
  return *this;
}

JsonLine& JsonLine::add(std::string_view key, const JsonLine& object) {
  state_->object[std::string(key)] = object.state_->object;
  return *this;
}

JsonLine& JsonLine::add(std::string_view key, std::chrono::system_clock::time_point time) {
  LogEntry entry;
  entry.time = time;
  return add(key, entry.time_as_text());
}

JsonLine& JsonLine::add(std::string_view key, const std::vector<JsonLine>& objects) {
  auto list = nlohmann::ordered_json::array();
  for (const JsonLine& each : objects) list.push_back(each.state_->object);
  state_->object[std::string(key)] = std::move(list);
  return *this;
}

JsonLine& JsonLine::add_flag(std::string_view key, bool value) {
  state_->object[std::string(key)] = value;
  return *this;
}

JsonLine& JsonLine::add_unless_empty(std::string_view key, std::string_view value) {
  return value.empty() ? *this : add(key, value);
}

std::string JsonLine::text() const {
  constexpr int kOneLine = -1;
  constexpr bool kAsciiOnly = true;
  return state_->object.dump(kOneLine, ' ', kAsciiOnly,
                             nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace hotline::cli
