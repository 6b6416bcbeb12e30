// What programs say of themselves.
using System.Text;
using Berth.Linux;
using Berth.Linux.Processes;

namespace Berth.Engine.Diagnosis.Host;

/// <summary>Asks programs for their version.</summary>
internal static class ProgramVersion
{
    /// <summary>The first line of what <c>PROGRAM --version</c> prints; null: it does not run.</summary>
    public static string? Of(string path)
    {
        try
        {
            ProgramAnswer answer = ProgramCaller.Run(new ProgramCall { Path = path, Arguments = ["--version"], Environment = ["PATH=/usr/local/bin:/usr/bin:/bin"], Timeout = TimeSpan.FromSeconds(5) });
            return answer.TimedOut || answer.Status != 0 ? null : Encoding.UTF8.GetString(answer.Output).Split('\n')[0].Trim();
        }
        catch (LinuxException)
        {
            return null;
        }
    }
}
