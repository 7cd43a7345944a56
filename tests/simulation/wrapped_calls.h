// What a world hears of the calls that wrapped_calls.cc stands before.
#pragma once

#include <functional>
#include <string_view>

namespace pinhole::simulation {

struct CallHooks {
  // The vault sent these bytes on a socket, just now.
  std::function<void(std::string_view)> sent;
  // The vault is about to read a socket.
  std::function<void()> reading;
  // The vault wrote to this descriptor, which takes nothing else.
  int log_fd = -1;
  std::function<void(std::string_view)> logged;
};
CallHooks& Hooks();

}  // namespace pinhole::simulation
