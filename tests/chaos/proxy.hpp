// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kin::test {

/// A TCP proxy on loopback in front of a server, which breaks connections when told to. Thread-safe.
class Proxy {
 public:
  Proxy(std::string server_host, std::uint16_t server_port);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy();

  std::uint16_t port() const noexcept { return port_; }

  /// Passes so many more bytes of the server's on, then breaks all connections.
  void cut_after_answer_bytes(std::int64_t bytes) { answer_bytes_ = bytes; }
  /// Once a client sends these bytes: passes them on, but not the server's answer, and breaks the connection.
  void cut_after_request(std::string bytes);
  /// Once a client sends these bytes: breaks the connection instead of passing them on.
  void cut_before_request(std::string bytes);
  /// Breaks all connections and takes no new ones, as if the server had stopped.
  void stop();
  /// Takes connections again, and cuts nothing any more.
  void start();
  /// How many connections were taken.
  int connection_count() const noexcept { return connections_; }

 private:
  struct Link;

  void accept_connections();
  void pump(Link& link);
  bool pass_request(Link& link);
  bool pass_answer(Link& link);

  const std::string server_host_;
  const std::uint16_t server_port_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_{false};
  std::atomic<bool> stopped_{false};
  std::atomic<int> connections_{0};
  std::atomic<std::int64_t> answer_bytes_{-1};  // -1: no limit
  std::mutex mutex_;
  std::string request_;  // empty: none is waited for
  bool passes_request_ = false;
  std::vector<std::unique_ptr<Link>> links_;
  std::thread acceptor_;
};

}  // namespace kin::test
