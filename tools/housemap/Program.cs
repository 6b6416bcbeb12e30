// Prints the house as a diagram: `make map`; with --check, compares it with docs/architecture.md; with --write, puts it there.
namespace Berth.Housemap;

internal static class Program
{
    private static int Main(string[] args)
    {
        House house = House.Read(AppContext.BaseDirectory);
        string map = MermaidMap.Of(house);
        switch (args.FirstOrDefault())
        {
            case null:
                Console.Write(map);
                Console.Write(LongestList.Of(house));
                return 0;
            case "--check":
                return MapPage.Read(house.Checkout) == map ? 0 : 1;
            case "--write":
                MapPage.Write(house.Checkout, map);
                return 0;
            default:
                Console.Error.WriteLine("usage: housemap [--check|--write]");
                return 2;
        }
    }
}
