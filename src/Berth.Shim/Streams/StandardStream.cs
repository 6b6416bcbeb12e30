// Which of the three a byte came from or goes to; the numbers are those of conmon's attach protocol.
namespace Berth.Shim.Streams;

/// <summary>A standard stream of a container.</summary>
internal enum StandardStream : byte
{
    /// <summary>What the program reads.</summary>
    Input = 1,

    /// <summary>What it writes; with a terminal, all of it.</summary>
    Output = 2,

    /// <summary>What it complains.</summary>
    Error = 3,
}
