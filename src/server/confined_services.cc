#include "server/confined_services.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/event_loop.h"

namespace hotline::server {
namespace {

constexpr std::string_view kConfineProgram = "confine the program";
constexpr std::string_view kPartly = "the program is not confined as it could be";

bool is_confined(const Service& service) { return service.handler.usable_paths().has_value(); }

void add_files(const TlsFiles& files, std::vector<UsablePath>& paths) {
  for (const std::string* each : {&files.certificate, &files.private_key, &files.roots}) {
    if (!each->empty()) paths.push_back({*each, PathUse::read});
  }
}

void add_paths(const Service& service, const ServerOptions& options,
               std::vector<UsablePath>& paths) {
  if (const auto& usable = service.handler.usable_paths()) {
    paths.insert(paths.end(), usable->begin(), usable->end());
  }
  if (is_protected(service.wanted.transport())) add_files(tls_files_of(service, options), paths);
  for (const EndpointOption& each : service.wanted.options()) {
    if (service.challenge && each.key == "secret-file") {
      paths.push_back({each.value, PathUse::read});
    }
  }
  if (service.bound.is_unix_path()) paths.push_back({service.bound.path(), PathUse::remove});
}

/// Calls of `threads` and `serial` may open loops of their own.
RingUse rings_for(const ServerOptions& options, EngineKind engine) {
  const bool is_on_epoll =
      options.concurrency.kind == Concurrency::Kind::loops && engine == EngineKind::epoll;
  return is_on_epoll && engine::EventLoop::running() == nullptr ? RingUse::refused
                                                                : RingUse::allowed;
}

std::string describe_walls(const Confinement& walls) {
  std::string text = walls.landlock > 0 ? "Landlock " + std::to_string(walls.landlock) : "";
  if (walls.has_call_filter) text += text.empty() ? "seccomp" : ", seccomp";
  return text;
}

Result<Confinement> refuse_to_confine(const Service& service) {
  return fail(make_error(ErrorKind::invalid_argument, kConfineProgram, service.wanted.to_string(),
                         "'" + service.name + "' may need any file, or run programs",
                         "serve it with a server of its own"));
}

}  // namespace

std::vector<UsablePath> paths_used_by(const ServerState& state,
                                      const std::vector<Service>& services) {
  std::vector<UsablePath> paths = state.options.confinement.usable;
  for (const Service& service : services) add_paths(service, state.options, paths);
  // A SIGHUP asks whether the terminal is still there.
  if (state.options.signals != SignalUse::none) paths.push_back({"/dev/tty", PathUse::device});
  return paths;
}

Result<Confinement> confine_services(const ServerState& state, const std::vector<Service>& services,
                                     EngineKind engine) {
  const Confine confine = state.options.confinement.confine;
  if (confine == Confine::never) return Confinement();
  const auto open = std::ranges::find_if_not(services, is_confined);
  if (open != services.end()) {
    if (confine == Confine::required) return refuse_to_confine(*open);
    const auto confined = std::ranges::find_if(services, is_confined);
    if (confined == services.end()) return Confinement();
    Confinement none{.gap = "'" + open->name + "' may need any file, or run programs"};
    state.log(LogLevel::warning, kPartly, confined->name, nullptr, none.gap);
    return none;
  }
  Confinement walls =
      confine_program(paths_used_by(state, services), rings_for(state.options, engine));
  if (walls.gap.empty()) {
    state.log(LogLevel::debug, "the program is confined", {}, nullptr, describe_walls(walls));
  } else if (confine == Confine::required) {
    return fail(make_error(ErrorKind::unsupported, kConfineProgram, {}, walls.gap,
                           "without 'required' it serves with the walls that there are"));
  } else {
    state.log(LogLevel::warning, kPartly, {}, nullptr, walls.gap);
  }
  return walls;
}

}  // namespace hotline::server
