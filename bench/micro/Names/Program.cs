// Asks a name server over UDP with a number of questions in flight, and says how many it answered a second, how long one took, and what it cost the server.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

if (args.Length < 5 || !IPEndPoint.TryParse(args[0], out IPEndPoint? server))
{
    Console.Error.WriteLine("usage: Names ADDRESS:PORT SECONDS CLIENTS INFLIGHT NAME [PID]: asks for A of NAME; # in it becomes a number, another for each question; PID is the server's");
    return 2;
}
double seconds = double.Parse(args[1], CultureInfo.InvariantCulture);
int inFlight = int.Parse(args[3], CultureInfo.InvariantCulture);
string? pid = args.Length > 5 ? args[5] : null;
Asker[] askers = new Asker[int.Parse(args[2], CultureInfo.InvariantCulture)];
Thread[] threads = new Thread[askers.Length];
long cpu = CpuOf(pid), began = Stopwatch.GetTimestamp(), end = began + (long)(seconds * Stopwatch.Frequency);
for (int i = 0; i < askers.Length; i++)
{
    Asker asker = askers[i] = new Asker(server, args[4], i, inFlight);
    (threads[i] = new Thread(() => asker.Run(end))).Start();
}
foreach (Thread thread in threads) thread.Join();
double took = Stopwatch.GetElapsedTime(began).TotalSeconds;
cpu = CpuOf(pid) - cpu;
List<long> latencies = [];
long answered = 0, lost = 0, failed = 0;
foreach (Asker asker in askers)
{
    latencies.AddRange(asker.Latencies);
    (answered, lost, failed) = (answered + asker.Answered, lost + asker.Lost, failed + asker.Failed);
}
latencies.Sort();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"queries/s {answered / took:F0} median-us {Microseconds(0.5):F0} p99-us {Microseconds(0.99):F0} lost {lost} failed {failed} cpu-us/query {(pid is null || answered == 0 ? 0 : cpu * 10_000.0 / answered):F2} resident-kb {ResidentOf(pid)}"));
return lost + failed > answered / 100 ? 1 : 0;

double Microseconds(double part) => latencies.Count == 0 ? 0 : latencies[(int)((latencies.Count - 1) * part)] * 1e6 / Stopwatch.Frequency;

// utime and stime in hundredths of a second.
static long CpuOf(string? pid)
{
    if (pid is null) return 0;
    string text = File.ReadAllText($"/proc/{pid}/stat");
    string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
    return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
}

static string ResidentOf(string? pid)
{
    foreach (string line in pid is null ? [] : File.ReadAllLines($"/proc/{pid}/status"))
    {
        if (line.StartsWith("VmRSS:", StringComparison.Ordinal)) return line[6..].Trim().Split(' ')[0];
    }
    return "0";
}

/// <summary>One client: a socket, and as many questions under way as it may have.</summary>
internal sealed class Asker(IPEndPoint server, string name, int number, int inFlight)
{
    private const int Patience = 1000, EverySo = 16;
    private readonly long[] _sent = new long[65536];
    private readonly byte[] _packet = new byte[512];
    private long _asked;
    private int _id;

    public List<long> Latencies { get; } = [];

    public long Answered { get; private set; }

    public long Lost { get; private set; }

    public long Failed { get; private set; }

    public void Run(long end)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = Patience };
        socket.Connect(server);
        byte[] buffer = new byte[4096];
        int waiting = 0;
        while (Stopwatch.GetTimestamp() < end)
        {
            try
            {
                for (; waiting < inFlight; waiting++) Ask(socket);
                int length = socket.Receive(buffer);
                int id = (buffer[0] << 8) | buffer[1];
                if (length < 12 || _sent[id] == 0) continue;
                long time = Stopwatch.GetTimestamp() - _sent[id];
                _sent[id] = 0;
                waiting--;
                if ((buffer[3] & 0xF) is not (0 or 3)) Failed++;
                if (Answered++ % EverySo == 0) Latencies.Add(time);
            }
            catch (SocketException)
            {
                // Too late, or refused: what was under way is given up, and would be an answer to nothing.
                Lost += Math.Max(1, waiting);
                Array.Clear(_sent);
                waiting = 0;
            }
        }
    }

    private void Ask(Socket socket)
    {
        _id = (_id + 1) & 0xFFFF;
        Span<byte> packet = _packet;
        packet[..12].Clear();
        (packet[0], packet[1], packet[2], packet[5]) = ((byte)(_id >> 8), (byte)_id, 1, 1);
        int at = 12;
        string asked = name.Contains('#') ? name.Replace("#", string.Create(CultureInfo.InvariantCulture, $"{number}-{_asked}"), StringComparison.Ordinal) : name;
        foreach (string label in asked.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            packet[at] = (byte)Encoding.ASCII.GetBytes(label, packet[(at + 1)..]);
            at += packet[at] + 1;
        }
        (packet[at], packet[at + 1], packet[at + 2], packet[at + 3], packet[at + 4]) = (0, 0, 1, 0, 1);
        _asked++;
        _sent[_id] = Stopwatch.GetTimestamp();
        socket.Send(packet[..(at + 5)]);
    }
}
