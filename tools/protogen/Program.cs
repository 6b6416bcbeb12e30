// Makes the message classes from the .proto files of the checkout: `make protos`; with --check, only says which are out of date.
namespace Berth.Protogen;

internal static class Program
{
    private static int Main(string[] args)
    {
        if (args is not ([] or ["--check"]))
        {
            Console.Error.WriteLine("usage: protogen [--check]");
            return 2;
        }
        string checkout = Checkout();
        int changed = 0;
        IReadOnlyDictionary<string, string> made = Generator.Run(checkout);
        foreach ((string path, string text) in made)
        {
            if (File.Exists(path) && File.ReadAllText(path) == text) continue;
            changed++;
            Console.WriteLine(Path.GetRelativePath(checkout, path));
            if (args.Length == 0) File.WriteAllText(path, text);
        }
        foreach (string path in Generator.Existing(checkout).Where(path => !made.ContainsKey(path)).ToList())
        {
            changed++;
            Console.WriteLine($"{Path.GetRelativePath(checkout, path)} has no .proto file");
            if (args.Length == 0) File.Delete(path);
        }
        return args.Length > 0 && changed > 0 ? 1 : 0;
    }

    private static string Checkout()
    {
        for (DirectoryInfo? folder = new(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Berth.slnx"))) return folder.FullName;
        }
        throw new InvalidOperationException("no Berth.slnx above the current directory");
    }
}
