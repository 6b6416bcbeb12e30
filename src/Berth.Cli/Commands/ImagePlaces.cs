// How places of images are read in each role.
using Berth.Cli.Verbs;
using Berth.Engine.Images;

namespace Berth.Cli.Commands;

/// <summary>Places of images.</summary>
internal static class ImagePlaces
{
    /// <summary>All shapes, for the help.</summary>
    public static string Shapes => ImagePlace.Shapes;

    /// <summary>A place; as skopeo, it must name its transport.</summary>
    public static ImagePlace Of(Session session, string text) => session.Role == Role.Skopeo ? ImagePlace.ParseExplicit(text) : ImagePlace.Parse(text);
}
