// The rows of the feature table a test proves, as a trait: `--filter-trait "Row=CLI-07"` runs them.
using Xunit.v3;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>Names the rows of the feature table that a test (or every test of a class) proves.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class RowAttribute(params string[] rows) : Attribute, ITraitAttribute
{
    /// <summary>The rows' names.</summary>
    public IReadOnlyList<string> Rows { get; } = rows;

    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() =>
        [.. Rows.Select(row => new KeyValuePair<string, string>("Row", row))];
}
