#include "simulation/file_model.h"

#include <algorithm>

namespace simulation {

FileModel::State FileModel::add_content(std::size_t size) {
  const State state = contents_.size();
  // A block that is missing or of another content differs in each byte.
  std::string content = "content " + std::to_string(state) + '\n';
  content.resize(std::max(content.size(), size), static_cast<char>('a' + state % 26));
  contents_.push_back(std::move(content));
  return state;
}

std::vector<FileModel::Possible>& FileModel::possible(const std::string& path) {
  const auto [at, is_new] = names_.try_emplace(path);
  if (is_new) at->second = {{.state = kNothing}};
  return at->second;
}

FileModel::Change FileModel::begin(Effects effects) {
  const std::size_t number = ++changes_;
  for (const Effect& effect : effects) {
    for (const State state : effect.states) {
      possible(effect.path).push_back({.state = state, .change = number, .server = servers_});
    }
  }
  return {.number = number, .effects = std::move(effects)};
}

void FileModel::note_asked(const Change& change) {
  for (const Effect& effect : change.effects) {
    for (Possible& each : possible(effect.path)) {
      if (each.change == change.number) each.server = servers_;
    }
  }
}

void FileModel::succeed(const Change& change) {
  for (const Effect& effect : change.effects) {
    std::vector<Possible>& states = possible(effect.path);
    std::erase_if(states, [&](const Possible& each) {
      const bool may_come = each.change != 0 && each.server == servers_;
      return each.change == change.number || !may_come;
    });
    for (const State state : effect.states) states.push_back({.state = state});
  }
}

void FileModel::withdraw(const Change& change) {
  for (const Effect& effect : change.effects) {
    std::erase_if(possible(effect.path),
                  [&](const Possible& each) { return each.change == change.number; });
  }
}

void FileModel::end(const Change& change) {
  for (const Effect& effect : change.effects) {
    for (Possible& each : possible(effect.path)) {
      if (each.change == change.number) each.change = 0;
    }
  }
}

std::vector<FileModel::State> FileModel::states(const std::string& path) const {
  const auto found = names_.find(path);
  if (found == names_.end()) return {kNothing};
  std::vector<State> states;
  for (const Possible& each : found->second) {
    if (std::ranges::find(states, each.state) == states.end()) states.push_back(each.state);
  }
  return states;
}

bool FileModel::may_be(const std::string& path, State state) const {
  const std::vector<State> all = states(path);
  return std::ranges::find(all, state) != all.end();
}

bool FileModel::may_be_file(const std::string& path, std::string_view content) const {
  return std::ranges::any_of(
      states(path), [&](State state) { return state > kDirectory && contents_[state] == content; });
}

std::vector<std::string> FileModel::below(const std::string& directory) const {
  std::vector<std::string> paths;
  for (const auto& [path, states] : names_) {
    if (path.starts_with(directory + "/")) paths.push_back(path);
  }
  return paths;
}

std::string FileModel::fault_in(const Home& home) const {
  for (const auto& [path, found] : home) {
    if (!names_.contains(path)) return path + " was never made";
  }
  for (const auto& [path, states] : names_) {
    const auto at = home.find(path);
    std::string fault = fault_in(path, at == home.end() ? nullptr : &at->second);
    if (!fault.empty()) return fault;
  }
  return {};
}

std::string FileModel::fault_in(const std::string& path, const Found* found) const {
  if (found == nullptr) return may_be(path, kNothing) ? "" : path + " is lost";
  if (found->kind == kDirectory) {
    return may_be(path, kDirectory) ? "" : path + " must not be a directory";
  }
  if (may_be_file(path, found->content)) return {};
  return path + " has " + std::to_string(found->content.size()) + " bytes that were never put: '" +
         found->content.substr(0, found->content.find('\n')) + "'";
}

}  // namespace simulation
