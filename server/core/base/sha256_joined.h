// SHA-256 of a few pieces, as if they were one: for many short messages, such as a tree's nodes.
#pragma once

#include <initializer_list>

#include "server/core/base/sha256.h"

namespace pinhole {

// The same as Sha256 of all parts joined; no memory is taken.
Digest Sha256Joined(std::initializer_list<ByteView> parts);

}  // namespace pinhole
