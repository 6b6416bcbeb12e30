// Where the host shows its kernel: mounts of procfs and sysfs (proc_pid_mountinfo(5)).
using System.Text;
using Berth.Linux.Files;

namespace Berth.Linux.Mounts;

/// <summary>Mounts of the kernel's own file systems.</summary>
public static class KernelMounts
{
    /// <summary>Mount points of whole procfs and sysfs file systems in our mount namespace, outer ones first.</summary>
    public static List<string> Whole() => Parse(KernelFile.Read("/proc/self/mountinfo"));

    internal static List<string> Parse(ReadOnlySpan<byte> text)
    {
        List<string> points = [];
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            // id parent major:minor root point options [optional fields] - type source options
            int separator = line.IndexOf(" - "u8);
            if (separator < 0) continue;
            ReadOnlySpan<byte> type = Field(line[(separator + 3)..], 0);
            if ((type.SequenceEqual("proc"u8) || type.SequenceEqual("sysfs"u8)) && Field(line, 3).SequenceEqual("/"u8)) points.Add(Unescape(Field(line, 4)));
        }
        return points;
    }

    private static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> line, int number)
    {
        for (; number > 0; number--) line = line[(line.IndexOf((byte)' ') + 1)..];
        int end = line.IndexOf((byte)' ');
        return end < 0 ? line : line[..end];
    }

    /// <summary>Spaces and the like are written as a backslash and three octal digits.</summary>
    private static string Unescape(ReadOnlySpan<byte> text)
    {
        if (text.IndexOf((byte)'\\') < 0) return Encoding.UTF8.GetString(text);
        byte[] result = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length)
            {
                result[length++] = (byte)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0'));
                i += 3;
                continue;
            }
            result[length++] = text[i];
        }
        return Encoding.UTF8.GetString(result, 0, length);
    }
}
