// The smallest program that shows what a box is.
#pragma once

namespace pinhole::sandbox::launcher {

// The image of a program that fills its standard output and then waits for a reader who never
// comes. Sealed and of mode 0111 as every program of a box; the caller owns the descriptor. -1:
// errno says why.
//
// Made here and not by the client, because a process that cannot be read can still be looked at by
// the owner of its user namespace, if its image's owner is known in there: the lane's user is, the
// client's is not. A program of a contestant is an image of the client's.
int MakeProbe();

}  // namespace pinhole::sandbox::launcher
