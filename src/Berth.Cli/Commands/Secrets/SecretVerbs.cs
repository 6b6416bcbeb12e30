// secret: create, ls, inspect, rm, exists.
using System.Text;
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Commands.Networks;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Secrets;
using Berth.Linux.Terminals;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Secrets;

/// <summary>The group.</summary>
internal static class SecretVerbs
{
    private const string All = "Commands", Filters = "name, id, driver, label";

    private static readonly Dictionary<string, string> s_heads = new() { ["CreatedAt"] = "CREATED", ["UpdatedAt"] = "UPDATED" };

    /// <summary>The verbs.</summary>
    public static Command Make() => new()
    {
        About = "A secret is a value that containers are given (berth run --secret NAME) and that no image, record, log or command line shows.",
        Verbs =
        [
            new("create", "Keep a value of a file, of standard input or of a variable", Create) { IsInNetwork = true, Group = All },
            new("ls", "List secrets", List) { IsInNetwork = true, Group = All, Aliases = ["list"] },
            new("inspect", "Show all that is known of secrets, but their values", Inspect) { IsInNetwork = true, Group = All },
            new("rm", "Forget secrets", Remove) { IsInNetwork = true, Group = All, Aliases = ["remove"] },
            new("exists", "Say by the exit code whether a secret is there", Exists) { IsInNetwork = true, Group = All },
        ],
    };

    private static Command Create() => new()
    {
        Usage = "NAME FILE|-",
        Least = 2,
        Most = 2,
        Options =
        [
            Option.With("driver", "NAME", "Who keeps it: file, pass or shell", 'd'), Option.Many("driver-opts", "NAME=VALUE", "What the driver wants to know"), Option.Many("label", "KEY=VALUE", "A label", 'l'),
            Option.Switch("env", "FILE is the name of a variable of this command's", 'e'), Option.Switch("replace", "One of this name gets the new value"), Option.Switch("ignore", "It is no fault when it is there"),
        ],
        Examples = [new("berth secret create password ./password.txt", "Of a file"), new("printf %s \"$TOKEN\" | berth secret create token -", "Of standard input")],
        Run = static async invocation =>
        {
            EngineSecrets secrets = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Secrets;
            string name = invocation.Arguments[0];
            if (invocation.Has("ignore") && secrets.TryFind(name) is { } there && there.Name == name)
            {
                invocation.Session.Out.WriteLine(there.Id);
                return 0;
            }
            SecretSpec spec = new()
            {
                Name = name,
                Driver = invocation.Find("driver") ?? "file",
                Options = Pairs([.. invocation.All("driver-opts").SelectMany(static text => Fields.Split(text, "driver-opts"))], "driver-opts"),
                Labels = Pairs(invocation.All("label"), "label"),
            };
            byte[] value = invocation.Has("env") ? OfVariable(invocation.Arguments[1]) : OfFile(invocation.Arguments[1]);
            invocation.Session.Out.WriteLine(secrets.Create(spec, value, invocation.Has("replace")).Id);
            return 0;
        },
    };

    private static byte[] OfVariable(string name) => Environment.GetEnvironmentVariable(name) is { } value ? Encoding.UTF8.GetBytes(value)
        : throw new BerthException(Fault.NotFound, $"the variable {name} is not set");

    private static byte[] OfFile(string path)
    {
        if (path == "-" && Terminal.Is(0)) throw new BerthException(Fault.InvalidArgument, "a secret is read from standard input, and that is a terminal", "give it a file, or write into a pipe: printf %s \"$VALUE\" | berth secret create NAME -");
        using FileStream file = path == "-" ? new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(0, ownsHandle: false), FileAccess.Read, 0) : Open(path);
        using MemoryStream whole = new();
        byte[] part = new byte[16 * 1024];
        for (int count; whole.Length <= EngineSecrets.MostBytes && (count = file.Read(part)) > 0;) whole.Write(part, 0, count);
        return whole.ToArray();
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BerthException(Fault.NotFound, $"cannot read {path}: {e.Message}", inner: e);
        }
    }

    private static Command List() => new()
    {
        Most = 0,
        Options =
        [
            Option.Many("filter", "NAME=VALUE", $"Those that match: {Filters}", 'f'), Option.With("format", "FORMAT", "table, json, a Go template, or table and a template"),
            Option.Switch("quiet", "Ids only", 'q'), Option.Switch("noheading", "No heads of columns", 'n'),
        ],
        Examples = [new("berth secret ls --format '{{.Name}}'", "Their names")],
        Run = static async invocation =>
        {
            EngineSecrets secrets = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Secrets;
            List<SecretRecord> found = [.. secrets.List().Where(Filter(invocation.All("filter")))];
            Lines lines = invocation.Session.Out;
            string? format = invocation.Find("format");
            DateTimeOffset now = invocation.Session.Clock.GetUtcNow();
            if (invocation.Has("quiet"))
            {
                foreach (SecretRecord secret in found) lines.WriteLine(secret.Id);
            }
            else if (format is null or "" or "table")
            {
                Table table = new();
                if (!invocation.Has("noheading")) table.Add("ID", "NAME", "DRIVER", "CREATED", "UPDATED");
                foreach (SecretRecord secret in found) table.Add(secret.Id, secret.Name, secret.Spec.Driver, Words.Ago(secret.Created, now), Words.Ago(secret.Updated, now));
                table.WriteTo(lines);
            }
            else Report.Write(lines, format, found.Select(secret => Row(secret, now)), s_heads);
            return 0;
        },
    };

    private static Command Inspect() => new()
    {
        Usage = "SECRET...",
        Least = 1,
        Options = [Option.With("format", "FORMAT", "json, or a Go template", 'f'), Option.Switch("showsecret", "Show the value too"), Option.Switch("pretty", "For people")],
        Examples = [new("berth secret inspect -f '{{.Spec.Driver.Name}}' password", "Who keeps it")],
        Run = static async invocation =>
        {
            EngineSecrets secrets = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Secrets;
            List<SecretRecord> found = [.. invocation.Arguments.Select(secrets.Find)];
            if (!invocation.Has("pretty"))
            {
                ContainerInspect.Print(invocation, [.. found.Select(secret => ValueOf(secret, invocation.Has("showsecret") ? Encoding.UTF8.GetString(secrets.Reveal(secret)) : null))]);
                return 0;
            }
            foreach (SecretRecord secret in found)
            {
                Lines lines = invocation.Session.Out;
                lines.WriteLine($"ID:              {secret.Id}");
                lines.WriteLine($"Name:            {secret.Name}");
                foreach ((string key, string label) in secret.Spec.Labels) lines.WriteLine($"Labels:          {key}={label}");
                lines.WriteLine($"Driver:          {secret.Spec.Driver}");
                lines.WriteLine($"Created at:      {NetworkInspect.Time(secret.Created)}");
                lines.WriteLine($"Updated at:      {NetworkInspect.Time(secret.Updated)}");
                if (invocation.Has("showsecret")) lines.WriteLine($"Secret:          {Encoding.UTF8.GetString(secrets.Reveal(secret))}");
            }
            return 0;
        },
    };

    private static Command Remove() => new()
    {
        Usage = "SECRET...",
        Least = 0,
        Options = [Option.Switch("all", "All secrets", 'a'), Option.Switch("ignore", "It is no fault when there is none", 'i')],
        Examples = [new("berth secret rm password", "Containers that run keep what they were given")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            EngineSecrets secrets = (await session.EngineAsync().ConfigureAwait(false)).Secrets;
            IReadOnlyList<string> names = invocation.Has("all") ? [.. secrets.List().Select(static secret => secret.Name)] : invocation.Arguments;
            if (names.Count == 0 && !invocation.Has("all")) throw new BerthException(Fault.InvalidArgument, "no secret is named", "berth secret rm NAME..., or --all");
            int code = 0;
            foreach (string name in names)
            {
                try
                {
                    session.Out.WriteLine(secrets.Remove(name).Id);
                }
                catch (BerthException e) when (e.Kind == Fault.NotFound && invocation.Has("ignore"))
                {
                    // As it was asked for.
                }
                catch (BerthException e)
                {
                    code = Failure.Say(session, invocation.Path, e);
                }
            }
            return code;
        },
    };

    private static Command Exists() => new()
    {
        Usage = "SECRET",
        Least = 1,
        Most = 1,
        Examples = [new("berth secret exists password || berth secret create password FILE", "By the exit code: 0, or 1")],
        Run = static async invocation => (await invocation.Session.EngineAsync().ConfigureAwait(false)).Secrets.TryFind(invocation.Arguments[0]) is not null ? 0 : 1,
    };

    // podman's members.
    private static Value ValueOf(SecretRecord secret, string? value) => Value.Record.Of(
        Member.Of("ID", secret.Id),
        new Member("CreatedAt", new Value.Moment(NetworkInspect.Time(secret.Created))),
        new Member("UpdatedAt", new Value.Moment(NetworkInspect.Time(secret.Updated))),
        new Member("Spec", Value.Record.Of(
            Member.Of("Name", secret.Name),
            new Member("Driver", Value.Record.Of(Member.Of("Name", secret.Spec.Driver), Member.Of("Options", secret.Spec.Options))),
            Member.Of("Labels", secret.Spec.Labels))),
        value is null ? null : Member.Of("SecretData", value));

    private static Value Row(SecretRecord secret, DateTimeOffset now) => Value.Record.Of(
        Member.Of("CreatedAt", Words.Ago(secret.Created, now)),
        Member.Of("Driver", secret.Spec.Driver),
        Member.Of("ID", secret.Id),
        Member.Of("Labels", string.Join(',', secret.Spec.Labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}={pair.Value}"))),
        Member.Of("Name", secret.Name),
        Member.Of("UpdatedAt", Words.Ago(secret.Updated, now)));

    private static Func<SecretRecord, bool> Filter(IReadOnlyList<string> texts)
    {
        List<Func<SecretRecord, bool>> conditions = [];
        foreach (string text in texts)
        {
            (string name, string? value) = Fields.Pair(text);
            string wanted = value ?? "";
            conditions.Add(name switch
            {
                "name" => secret => secret.Name.Contains(wanted, StringComparison.Ordinal),
                "id" => secret => secret.Id.StartsWith(wanted, StringComparison.Ordinal),
                "driver" => secret => secret.Spec.Driver == wanted,
                "label" => secret => HasLabel(secret, wanted),
                _ => throw new BerthException(Fault.InvalidArgument, $"the filter '{name}' is unknown", $"there are {Filters}"),
            });
        }
        return secret => conditions.TrueForAll(condition => condition(secret));
    }

    private static bool HasLabel(SecretRecord secret, string value)
    {
        (string key, string? wanted) = Fields.Pair(value);
        return secret.Spec.Labels.TryGetValue(key, out string? there) && (wanted is null || there == wanted);
    }

    private static Dictionary<string, string> Pairs(IReadOnlyList<string> texts, string what)
    {
        Dictionary<string, string> pairs = [];
        foreach (string text in texts)
        {
            (string key, string? value) = Fields.Pair(text);
            if (key.Length == 0) throw new BerthException(Fault.InvalidArgument, $"--{what} wants NAME=VALUE, not '{text}'");
            pairs[key] = value ?? "";
        }
        return pairs;
    }
}
