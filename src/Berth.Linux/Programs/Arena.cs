// Unmanaged memory that a child program reads: strings, structures and lists that live until the program is disposed.
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux.Programs;

/// <summary>Hands out zeroed memory that never moves, freed as a whole.</summary>
internal sealed unsafe class Arena : IDisposable
{
    private const int ChunkSize = 32 * 1024;
    private readonly List<nint> _chunks = [];
    private byte* _next;
    private int _left;

    public byte* Take(int size)
    {
        size = (size + 7) & ~7;
        if (size > _left)
        {
            int chunk = Math.Max(size, ChunkSize);
            _next = (byte*)NativeMemory.AllocZeroed((nuint)chunk);
            _left = chunk;
            _chunks.Add((nint)_next);
        }
        byte* result = _next;
        _next += size;
        _left -= size;
        return result;
    }

    public T* Take<T>(int count) where T : unmanaged => (T*)Take(sizeof(T) * count);

    /// <summary>The text as UTF-8 with a zero behind it.</summary>
    public byte* String(ReadOnlySpan<char> text)
    {
        byte* bytes = Take(Encoding.UTF8.GetMaxByteCount(text.Length) + 1);
        int length;
        fixed (char* p = text) length = text.Length == 0 ? 0 : Encoding.UTF8.GetBytes(p, text.Length, bytes, text.Length * 3);
        bytes[length] = 0;
        return bytes;
    }

    /// <summary>A list of strings with a null pointer behind it, as execve(2) wants it.</summary>
    public byte** Strings(IReadOnlyList<string> texts)
    {
        byte** list = (byte**)Take(sizeof(byte*) * (texts.Count + 1));
        for (int i = 0; i < texts.Count; i++) list[i] = String(texts[i]);
        return list;
    }

    public byte* Bytes(ReadOnlySpan<byte> bytes)
    {
        byte* copy = Take(bytes.Length);
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        return copy;
    }

    public void Dispose()
    {
        foreach (nint chunk in _chunks) NativeMemory.Free((void*)chunk);
        _chunks.Clear();
        _left = 0;
    }
}
