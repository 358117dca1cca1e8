#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/json_line.h"
#include "cli/terminal_text.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/server/server.h"

namespace hotline::cli {

/// What every command takes.
struct CommonOptions {
  OutputForm output = OutputForm::text;
  std::string home;  ///< Empty: the XDG directories.
};

/// One SERVICE=ENDPOINT.
struct ServiceAt {
  std::string service;
  std::string uri;
};

/// How the server's log is written.
enum class LogForm : bool { text, json };

/// `hotline serve`.
struct ServeOptions {
  std::vector<ServiceAt> services;
  ServerOptions server;
  LogForm log_form = LogForm::text;
  LogLevel log_level = LogLevel::info;  ///< `debug` shows the traffic too.
  bool is_insecure = false;             ///< Guarded services may be called from other machines.
};

/// `hotline call`.
struct CallOptions {
  std::string endpoint;
  std::vector<std::string> messages;  ///< None: the lines of standard input.
  Duration linger = std::chrono::seconds(1);
  Duration timeout = std::chrono::seconds(30);
  Controls controls = Controls::escaped;  ///< At a terminal.
};

/// `hotline run`.
struct RunOptions {
  std::string endpoint;
  std::vector<std::string> command;  ///< One word: a shell's line. Several: a program and its
                                     ///< arguments.
  Duration linger = std::chrono::seconds(1);
  Duration connect_timeout = std::chrono::seconds(30);
  Duration timeout = kNoTimeout;          ///< For all of it.
  Controls controls = Controls::escaped;  ///< At a terminal.
};

/// `hotline shell`.
struct ShellOptions {
  std::string endpoint;
  Duration linger = std::chrono::milliseconds(250);
  Duration connect_timeout = std::chrono::seconds(30);
  Duration timeout = kNoTimeout;          ///< For one reply.
  Controls controls = Controls::escaped;  ///< At a terminal.
};

/// `hotline services`.
struct ServicesOptions {};

/// `hotline doctor`.
struct DoctorOptions {};

/// `hotline help [TOPIC]`, or `--help` of a command.
struct HelpOptions {
  std::string topic;  ///< Empty: the program.
};

/// `hotline --version`.
struct VersionOptions {};

/// One of the commands, with its options.
using Command = std::variant<ServeOptions, CallOptions, RunOptions, ShellOptions, ServicesOptions,
                             DoctorOptions, HelpOptions, VersionOptions>;

/// A command line, understood.
struct CommandLine {
  CommonOptions common;     ///< As far as it was understood, even if the command was not.
  Result<Command> command;  ///< Fails with `invalid_argument`, with a hint at what would be right.
};

/// Understands the words of main's arguments, without the program's own name. Reads nothing but
/// them.
CommandLine parse_command_line(const std::vector<std::string>& words);

}  // namespace hotline::cli
