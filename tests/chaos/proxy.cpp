// SPDX-License-Identifier: MIT
#include "chaos/proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace kin::test {
namespace {

constexpr int poll_milliseconds = 5;

sockaddr_in loopback(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

int connect_to(const std::string& host, std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(host, port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
  ::close(socket);
  return -1;
}

void without_delay(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// So that the other side sees a broken connection and not an orderly end.
void break_off(int socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(socket);
}

bool send_all(int socket, const char* data, std::size_t size) {
  while (size != 0) {
    const ssize_t sent = ::send(socket, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

struct Proxy::Link {
  int client;
  int server;
  bool answers = true;
  std::thread thread{};
};

Proxy::Proxy(std::string server_host, std::uint16_t server_port)
    : server_host_(std::move(server_host)), server_port_(server_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback("127.0.0.1", 0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the proxy can't listen on loopback");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_connections(); });
}

Proxy::~Proxy() {
  ending_ = true;
  acceptor_.join();
  for (const auto& link : links_) link->thread.join();
  ::close(listener_);
}

void Proxy::cut_after_request(std::string bytes) {
  const std::lock_guard lock(mutex_);
  request_ = std::move(bytes);
  passes_request_ = true;
}

void Proxy::cut_before_request(std::string bytes) {
  const std::lock_guard lock(mutex_);
  request_ = std::move(bytes);
  passes_request_ = false;
}

void Proxy::stop() {
  stopped_ = true;
  // Long enough for every link to have seen it.
  std::this_thread::sleep_for(std::chrono::milliseconds(10 * poll_milliseconds));
}

void Proxy::start() {
  answer_bytes_ = -1;
  const std::lock_guard lock(mutex_);
  request_.clear();
  stopped_ = false;
}

void Proxy::accept_connections() {
  while (!ending_) {
    pollfd watched{listener_, POLLIN, 0};
    if (::poll(&watched, 1, poll_milliseconds) != 1) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const int server = stopped_ ? -1 : connect_to(server_host_, server_port_);
    if (server < 0) {
      break_off(client);
      continue;
    }
    without_delay(client);
    without_delay(server);
    ++connections_;
    auto link = std::make_unique<Link>(Link{client, server});
    Link& taken = *link;
    const std::lock_guard lock(mutex_);
    links_.push_back(std::move(link));
    taken.thread = std::thread([this, &taken] { pump(taken); });
  }
}

void Proxy::pump(Link& link) {
  for (bool open = true; open && !ending_ && !stopped_;) {
    pollfd watched[] = {{link.client, POLLIN, 0}, {link.server, POLLIN, 0}};
    if (::poll(watched, 2, poll_milliseconds) <= 0) continue;
    if (watched[0].revents != 0) open = pass_request(link);
    if (open && watched[1].revents != 0) open = pass_answer(link);
  }
  break_off(link.client);
  break_off(link.server);
}

bool Proxy::pass_request(Link& link) {
  char buffer[64 * 1024];
  const ssize_t size = ::recv(link.client, buffer, sizeof buffer, 0);
  if (size <= 0) return false;
  const std::string_view bytes(buffer, static_cast<std::size_t>(size));
  {
    const std::lock_guard lock(mutex_);
    if (!request_.empty() && bytes.find(request_) != std::string_view::npos) {
      request_.clear();
      if (!passes_request_) return false;
      link.answers = false;
    }
  }
  return send_all(link.server, bytes.data(), bytes.size());
}

bool Proxy::pass_answer(Link& link) {
  char buffer[64 * 1024];
  const ssize_t size = ::recv(link.server, buffer, sizeof buffer, 0);
  if (size <= 0 || !link.answers) return false;
  std::int64_t passed = size;
  if (answer_bytes_ >= 0) {
    passed = std::min<std::int64_t>(size, answer_bytes_);
    answer_bytes_ -= passed;
    if (passed < size) {
      send_all(link.client, buffer, static_cast<std::size_t>(passed));
      // Whatever was sent should arrive before the break does.
      std::this_thread::sleep_for(std::chrono::milliseconds(poll_milliseconds));
      return false;
    }
  }
  return send_all(link.client, buffer, static_cast<std::size_t>(passed));
}

}  // namespace kin::test
