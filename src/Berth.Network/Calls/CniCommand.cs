// What a plugin is asked to do: CNI_COMMAND.
namespace Berth.Network.Calls;

/// <summary>The operations of the CNI specification 1.1, section 2.</summary>
public enum CniCommand
{
    /// <summary>ADD: attach a container, or change an attachment that a plugin before made.</summary>
    Add,

    /// <summary>DEL: undo it; what is gone already is no error.</summary>
    Delete,

    /// <summary>CHECK: is the attachment as the result said?</summary>
    Check,

    /// <summary>GC: remove what belongs to none of the attachments that are valid.</summary>
    Collect,

    /// <summary>STATUS: is the plugin ready to ADD?</summary>
    Status,

    /// <summary>VERSION: which versions of the specification are spoken?</summary>
    Version,
}

/// <summary>Words of the commands.</summary>
internal static class CniCommandWords
{
    /// <summary>As CNI_COMMAND has it.</summary>
    public static string Word(this CniCommand command) => command switch
    {
        CniCommand.Add => "ADD",
        CniCommand.Delete => "DEL",
        CniCommand.Check => "CHECK",
        CniCommand.Collect => "GC",
        CniCommand.Status => "STATUS",
        _ => "VERSION",
    };
}
